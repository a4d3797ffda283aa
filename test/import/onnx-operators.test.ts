import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { importOnnx } from '../../src/import/onnx';
import { TESTED_BACKENDS } from '../support/backends';
import { onnxFile, type MadeFile } from '../support/onnx-files';
import { relativeDifference, runOnnx, toNchw } from '../support/onnxruntime';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

const scalar = (value: number) => ({ float: [value] });

/** Files, and the layers that they must become. */
const CASES: Record<string, [file: MadeFile, layers: string]> = {
  'grouped convolution, uneven padding': [
    {
      nodes: [
        [
          'Conv',
          ['x', 'w', 'b'],
          ['y'],
          { group: 2, strides: [2, 1], dilations: [1, 2], pads: [1, 0, 2, 1] },
        ],
      ],
      weights: { w: [6, 4, 3, 2], b: [6] },
    },
    'GroupedConv2D',
  ],
  'depthwise convolution, padded as TensorFlow does': [
    {
      nodes: [['Conv', ['x', 'w'], ['y'], { group: 8, strides: [2, 2], auto_pad: 'SAME_UPPER' }]],
      weights: { w: [8, 1, 3, 3] },
    },
    'GroupedConv2D',
  ],
  'convolution padded at the lower end': [
    {
      nodes: [['Conv', ['x', 'w'], ['y'], { strides: [2, 2], auto_pad: 'SAME_LOWER' }]],
      weights: { w: [4, 8, 3, 3] },
    },
    'GroupedConv2D',
  ],
  'batch norm of images': [
    {
      nodes: [['BatchNormalization', ['x', 'g', 'b', 'm', 'variance'], ['y'], { epsilon: { float: 1e-3 } }]],
      weights: { g: [8], b: [8], m: [8], variance: [8] },
    },
    'BatchNormalization',
  ],
  'batch norm of vectors': [
    {
      nodes: [['BatchNormalization', ['x', 'g', 'b', 'm', 'variance'], ['y']]],
      input: [8],
      weights: { g: [8], b: [8], m: [8], variance: [8] },
    },
    'BatchNormalization',
  ],
  'maximum of what may be negative, padded': [
    { nodes: [['MaxPool', ['x'], ['y'], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }]] },
    'MaxPooling2D MaxPooling2D',
  ],
  'maximum after ReLU, padded': [
    {
      nodes: [
        ['Relu', ['x'], ['r']],
        ['MaxPool', ['r'], ['y'], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
      ],
    },
    'ReLU ZeroPadding2D MaxPooling2D',
  ],
  'maximum with a window that begins within and ends beyond': [
    {
      nodes: [
        ['Relu', ['x'], ['r']],
        ['MaxPool', ['r'], ['y'], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }],
      ],
    },
    'ReLU ZeroPadding2D MaxPooling2D',
  ],
  'maximum whose last window would begin beyond the image': [
    {
      nodes: [
        ['Relu', ['x'], ['r']],
        [
          'MaxPool',
          ['r'],
          ['y'],
          { kernel_shape: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 },
        ],
      ],
    },
    'ReLU ZeroPadding2D MaxPooling2D',
  ],
  'average, padding counted': [
    {
      nodes: [
        ['AveragePool', ['x'], ['y'], { kernel_shape: [2, 3], pads: [1, 1, 0, 1], count_include_pad: 1 }],
      ],
    },
    'ZeroPadding2D AveragePooling2D',
  ],
  'average, padding not counted': [
    { nodes: [['AveragePool', ['x'], ['y'], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }]] },
    'AveragePooling2D MaxPooling2D',
  ],
  'squeeze and excitation': [
    {
      nodes: [
        ['GlobalAveragePool', ['x'], ['mean']],
        ['Conv', ['mean', 'w1', 'b1'], ['a']],
        ['Relu', ['a'], ['r']],
        ['Conv', ['r', 'w2', 'b2'], ['c']],
        ['HardSigmoid', ['c'], ['gate'], { alpha: { float: 1 / 6 } }],
        ['Mul', ['gate', 'x'], ['y']],
      ],
      weights: { w1: [4, 8, 1, 1], b1: [4], w2: [8, 4, 1, 1], b2: [8] },
    },
    'GlobalAveragePooling2D Reshape GroupedConv2D ReLU GroupedConv2D Rescaling ReLU Rescaling Multiply',
  ],
  'channel shuffle': [
    {
      nodes: [
        ['Reshape', ['x', 'split'], ['s']],
        ['Transpose', ['s'], ['t'], { perm: [0, 2, 1, 3, 4] }],
        ['Identity', ['t'], ['i']],
        ['Reshape', ['i', 'whole'], ['y']],
      ],
      weights: { split: [0n, 2n, 4n, 6n, 5n], whole: [0n, -1n, 6n, 5n] },
    },
    'ChannelShuffle',
  ],
  'channel split and concatenation the other way round': [
    {
      nodes: [
        ['Split', ['x', 'sizes'], ['a', 'b', 'c'], { axis: 1 }],
        ['Slice', ['x', 'begin', 'end', 'axes'], ['d']],
        ['Concat', ['c', 'd', 'a'], ['y'], { axis: -3 }],
      ],
      weights: { sizes: [3n, 1n, 4n], begin: [-4n], end: [9223372036854775807n], axes: [1n] },
    },
    'ChannelSlice ChannelSlice ChannelSlice Concatenate',
  ],
  'a slice of height': [
    {
      nodes: [['Slice', ['x', 'begin', 'end', 'axes'], ['y']]],
      weights: { begin: [1n], end: [-1n], axes: [2n] },
    },
    'Cropping2D',
  ],
  'flattened images, in the order of the file': [
    {
      nodes: [
        ['Flatten', ['x'], ['f']],
        ['Gemm', ['f', 'w', 'b'], ['y'], { transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } }],
      ],
      weights: { w: [7, 240], b: [7] },
    },
    'Permute Reshape Dense',
  ],
  'pixel shuffle': [
    {
      nodes: [
        ['Reshape', ['x', 'split'], ['s']],
        ['Transpose', ['s'], ['t'], { perm: [0, 1, 4, 2, 5, 3] }],
        ['Reshape', ['t', 'whole'], ['y']],
      ],
      weights: { split: [0n, 2n, 2n, 2n, 6n, 5n], whole: [0n, 2n, 12n, 10n] },
    },
    'Reshape Permute Reshape',
  ],
  'lengths that cut across each other': [
    {
      nodes: [
        ['Reshape', ['x', 'odd'], ['r']],
        ['Relu', ['r'], ['y']],
      ],
      weights: { odd: [-1n, 15n, 16n] },
    },
    'Permute Reshape ReLU Reshape',
  ],
  'block of ConvNeXt': [
    {
      nodes: [
        ['Transpose', ['x'], ['t'], { perm: [0, 2, 3, 1] }],
        ['LayerNormalization', ['t', 'g', 'b'], ['n'], { epsilon: { float: 1e-6 } }],
        ['MatMul', ['n', 'w'], ['p']],
        ['Add', ['p', 'bias'], ['q']],
        ['Div', ['q', 'root'], ['d']],
        ['Erf', ['d'], ['e']],
        ['Add', ['e', 'one'], ['e1']],
        ['Mul', ['q', 'e1'], ['m']],
        ['Mul', ['m', 'half'], ['gelu']],
        ['Transpose', ['gelu'], ['back'], { perm: [0, 3, 1, 2] }],
        ['Mul', ['scale', 'back'], ['scaled']],
        ['Add', ['scaled', 'x'], ['y']],
      ],
      weights: {
        g: [8],
        b: [8],
        w: [8, 8],
        bias: [8],
        scale: [8, 1, 1],
        root: scalar(Math.SQRT2),
        one: scalar(1),
        half: scalar(0.5),
      },
    },
    'LayerNormalization Dense Activation LayerScale Add',
  ],
  'layer norm before there was an operator for it': [
    {
      opset: 16,
      nodes: [
        ['ReduceMean', ['x'], ['mean'], { axes: [-1] }],
        ['Sub', ['x', 'mean'], ['c']],
        ['Pow', ['c', 'two'], ['square']],
        ['ReduceMean', ['square'], ['variance'], { axes: [-1] }],
        ['Add', ['variance', 'eps'], ['v']],
        ['Sqrt', ['v'], ['s']],
        ['Div', ['c', 's'], ['d']],
        ['Mul', ['d', 'g'], ['m']],
        ['Add', ['m', 'b'], ['y']],
      ],
      input: [6, 8],
      weights: { g: [8], b: [8], two: scalar(2), eps: scalar(1e-3) },
    },
    'LayerNormalization',
  ],
  'scale and shift of channels': [
    {
      nodes: [
        ['Mul', ['x', 's'], ['m']],
        ['Add', ['b', 'm'], ['y']],
      ],
      weights: { s: [8, 1, 1], b: [1, 8, 1, 1] },
    },
    'GroupedConv2D',
  ],
  'scale and shift of vectors': [
    {
      nodes: [
        ['Mul', ['x', 's'], ['m']],
        ['Add', ['m', 'b'], ['y']],
      ],
      input: [8],
      weights: { s: [8], b: [8] },
    },
    'Reshape GroupedConv2D Reshape',
  ],
  'numbers taken off and divided by, one a channel': [
    {
      nodes: [
        ['Sub', ['x', 'm'], ['c']],
        ['Div', ['c', 's'], ['y']],
      ],
      weights: { m: [8, 1, 1], s: [1, 8, 1, 1] },
    },
    'GroupedConv2D LayerScale',
  ],
  'numbers for all alike': [
    {
      nodes: [
        ['Mul', ['x', 'a'], ['m']],
        ['Sub', ['m', 'b'], ['y']],
      ],
      weights: { a: scalar(3), b: scalar(0.25) },
    },
    'Rescaling Rescaling',
  ],
  activations: [
    {
      nodes: [
        ['LeakyRelu', ['x'], ['a'], { alpha: { float: 0.2 } }],
        ['Elu', ['a'], ['b']],
        ['HardSwish', ['b'], ['c']],
        ['Tanh', ['c'], ['d']],
        ['Softplus', ['d'], ['e']],
        ['Gelu', ['e'], ['f']],
        ['HardSigmoid', ['f'], ['g']],
        ['Softmax', ['g'], ['y'], { axis: 1 }],
      ],
    },
    'LeakyReLU ELU HardSwish Activation Activation Activation Activation Softmax',
  ],
  'clipping, SiLU, hard swish in pieces': [
    {
      nodes: [
        ['Sigmoid', ['x'], ['s']],
        ['Mul', ['s', 'x'], ['silu']],
        ['Add', ['silu', 'three'], ['p']],
        ['Clip', ['p', 'zero', 'six'], ['c']],
        ['Mul', ['silu', 'c'], ['m']],
        ['Div', ['m', 'six'], ['swish']],
        ['Clip', ['swish', 'zero', 'three'], ['y']],
      ],
      tensors: [
        ['zero', 0],
        ['three', 3],
        ['six', 6],
      ].map(([name, value]) => ({
        name: name as string,
        dataType: 1,
        dims: [],
        floatData: [value as number],
      })),
    },
    'Activation HardSwish ReLU',
  ],
  'shapes computed in the file': [
    {
      nodes: [
        ['Shape', ['x'], ['shape'], { start: 0, end: 1 }],
        ['Shape', ['x'], ['all']],
        ['Gather', ['all', 'second'], ['channels']],
        ['Div', ['channels', 'second2'], ['half']],
        ['Concat', ['shape', 'second2', 'half', 'minus'], ['target'], { axis: 0 }],
        ['Reshape', ['x', 'target'], ['y']],
      ],
      weights: { second: [1n], second2: [2n], minus: [-1n] },
    },
    'Reshape Permute Reshape',
  ],
  'padding with zeros': [
    { nodes: [['Pad', ['x', 'pads'], ['y']]], weights: { pads: [0n, 0n, 1n, 0n, 0n, 0n, 2n, 3n] } },
    'ZeroPadding2D',
  ],
  'average kept as an image, then squeezed': [
    {
      nodes: [
        ['ReduceMean', ['x', 'axes'], ['m']],
        ['Squeeze', ['m', 'axes'], ['s']],
        ['Unsqueeze', ['s', 'last'], ['y']],
      ],
      weights: { axes: [2n, 3n], last: [-1n] },
    },
    'GlobalAveragePooling2D Reshape',
  ],
};

describe('a file becomes layers that compute what ONNX Runtime computes', () => {
  test.each(Object.entries(CASES))('%s', async (_, [file, layers]) => {
    const bytes = onnxFile(file);
    const model = importOnnx(bytes);
    const classes = model.layers.slice(1).map((layer) => layer.getClassName());
    expect(classes.join(' ')).toBe(layers);
    const x = tf.randomNormal([3, ...(model.inputs[0].shape.slice(1) as number[])], 0, 1, 'float32', 7);
    const made = model.predict(x) as tf.Tensor;
    const nchw = toNchw(x);
    const [[, expected]] = await runOnnx(bytes, { x: nchw });
    const ours = toNchw(made);
    expect(relativeDifference(ours, expected)).toBeLessThan(1e-5);
    tf.dispose([x, made, nchw, expected, ours]);
    model.dispose();
  });
});

test('a file whose images have their channels last takes them so', async () => {
  const nodes: MadeFile['nodes'] = [
    ['Transpose', ['x'], ['t'], { perm: [0, 3, 1, 2] }],
    ['Conv', ['t', 'w'], ['c']],
    ['Transpose', ['c'], ['y'], { perm: [0, 2, 3, 1] }],
  ];
  const bytes = onnxFile({ nodes, input: [6, 5, 8], weights: { w: [4, 8, 3, 3] } });
  const model = importOnnx(bytes);
  expect(model.layers.map((layer) => layer.getClassName())).toEqual(['InputLayer', 'GroupedConv2D']);
  const x = tf.randomNormal([2, 6, 5, 8], 0, 1, 'float32', 3);
  const made = model.predict(x) as tf.Tensor;
  const [[, expected]] = await runOnnx(bytes, { x });
  expect(relativeDifference(made, expected)).toBeLessThan(1e-5);
  tf.dispose([x, made, expected]);
  model.dispose();
});

test('a convolution that is applied twice is one layer, whose weights stay shared', () => {
  const nodes: MadeFile['nodes'] = [
    ['Conv', ['x', 'w'], ['a']],
    ['Relu', ['a'], ['r']],
    ['Conv', ['r', 'w'], ['y']],
  ];
  const model = importOnnx(onnxFile({ nodes, weights: { w: [8, 8, 1, 1] } }));
  expect(model.weights).toHaveLength(1);
  expect(model.countParams()).toBe(64);
  model.dispose();
});

test('several outputs, and a size that the file leaves open', () => {
  const nodes: MadeFile['nodes'] = [
    ['Conv', ['x', 'w'], ['c']],
    ['GlobalAveragePool', ['c'], ['p']],
    ['Flatten', ['p'], ['f']],
  ];
  const model = importOnnx(
    onnxFile({ nodes, input: [8, null, null], outputs: ['c', 'f'], weights: { w: [4, 8, 3, 3] } }),
    { inputSize: [10, 7] },
  );
  expect(model.inputs[0].shape).toEqual([null, 10, 7, 8]);
  expect(model.outputs.map(({ shape }) => shape)).toEqual([[null, 8, 5, 4], [null, 4]]); // prettier-ignore
  model.dispose();
});

import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { importOnnx } from '../../src/import/onnx';
import { TESTED_BACKENDS } from '../support/backends';
import { importAgrees } from '../support/import-agrees';
import { onnxFile, type MadeFile, type NodeOf } from '../support/onnx-files';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

const float = (value: number) => ({ float: value });
const number = (value: number) => ({ float: [value], dims: [] });

const norm = { weights: { g: [8], b: [8], m: [8], variance: [8] } };
const NORM_INPUTS = ['x', 'g', 'b', 'm', 'variance'];

const COMPUTED: Record<string, Partial<MadeFile> & { nodes: readonly NodeOf[] }> = {
  'Cast to whole numbers cuts off': {
    nodes: [['Cast', ['x'], ['i'], { to: 7 }], ['Cast', ['i'], ['y'], { to: 1 }]], // prettier-ignore
  },
  'Cast to truth': {
    nodes: [['Relu', ['x'], ['r']], ['Cast', ['r'], ['t'], { to: 9 }], ['Cast', ['t'], ['y'], { to: 1 }]], // prettier-ignore
  },
  'Cast to what is float already': {
    nodes: [['Cast', ['x'], ['d'], { to: 11 }], ['Cast', ['d'], ['y'], { to: 1, saturate: 1 }]], // prettier-ignore
  },
  'CastLike a whole number': {
    nodes: [['CastLike', ['x', 'one'], ['i']], ['CastLike', ['i', 'half'], ['y']]], // prettier-ignore
    weights: { one: [1n], half: { float: [0.5] } },
  },
  'division of whole numbers, also after others': {
    nodes: [
      ['Cast', ['x'], ['i'], { to: 7 }],
      ['Concat', ['i', 'i'], ['c'], { axis: 1 }],
      ['Div', ['c', 'two'], ['d']],
      ['Cast', ['d'], ['y'], { to: 1 }],
    ],
    weights: { two: [2n] },
  },
  'BatchNormalization, defaults spelt out': {
    ...norm,
    nodes: [['BatchNormalization', NORM_INPUTS, ['y'], { training_mode: 0, momentum: float(0.9), epsilon: float(1e-5) }]], // prettier-ignore
  },
  'BatchNormalization of sequences': {
    ...norm,
    nodes: [['BatchNormalization', NORM_INPUTS, ['y']]],
    input: [8, 5],
  },
  'BatchNormalization of five axes': {
    ...norm,
    nodes: [['BatchNormalization', NORM_INPUTS, ['y']]],
    input: [8, 3, 2, 5],
  },
  'Conv, defaults spelt out': {
    nodes: [['Conv', ['x', 'w'], ['y'], { auto_pad: 'NOTSET', pads: [0, 0, 0, 0], dilations: [1, 1], strides: [1, 1], group: 1, kernel_shape: [3, 2] }]], // prettier-ignore
    weights: { w: [4, 8, 3, 2] },
  },
  'Clip from below 0': {
    nodes: [['Clip', ['x', 'a', 'b'], ['y']]],
    weights: { a: number(-1), b: number(0.5) },
  },
  'Clip upwards only': { nodes: [['Clip', ['x', '', 'b'], ['y']]], weights: { b: number(0.5) } },
  'Elu with an alpha': { nodes: [['Elu', ['x'], ['y'], { alpha: float(0.3) }]] },
  'Gelu by tanh': { nodes: [['Gelu', ['x'], ['y'], { approximate: 'tanh' }]] },
  'Dropout in evaluation': {
    nodes: [['Dropout', ['x', 'rate', 'no'], ['y'], { seed: 3 }]],
    weights: { rate: number(0.5) },
    tensors: [{ name: 'no', dataType: 9, dims: [], int32Data: [0] }],
  },
  'LayerNormalization of all axes': {
    nodes: [['LayerNormalization', ['x', 's', 'b'], ['y'], { axis: 1, stash_type: 1 }]],
    weights: { s: [8, 6, 5], b: [8, 6, 5] },
  },
  'ReduceMean of channels, kept': { nodes: [['ReduceMean', ['x', 'axes'], ['y']]], weights: { axes: [1n] } },
  'ReduceMean of columns, not kept': {
    nodes: [['ReduceMean', ['x', 'axes'], ['y'], { keepdims: 0 }]],
    weights: { axes: [-1n] },
  },
  'ReduceMean of no axes, which is nothing': {
    nodes: [['ReduceMean', ['x', 'axes'], ['y'], { noop_with_empty_axes: 1 }]],
    tensors: [{ name: 'axes', dataType: 7, dims: [0n] }],
  },
  'ReduceMax, ReduceSum, ReduceMin': {
    nodes: [
      ['ReduceMax', ['x', 'rows'], ['a']],
      ['ReduceSum', ['a', 'columns'], ['b']],
      ['ReduceMin', ['b', 'channels'], ['y'], { keepdims: 0 }],
    ],
    weights: { rows: [2n], columns: [3n], channels: [1n] },
  },
  'Flatten with an axis counted from the end': { nodes: [['Flatten', ['x'], ['y'], { axis: -3 }]] },
  'Split into a number of parts': {
    nodes: [
      ['Split', ['x'], ['a', 'b', 'c'], { axis: 1, num_outputs: 3 }],
      ['Concat', ['c', 'a', 'b'], ['y'], { axis: 1 }],
    ],
  },
  'Slice with steps, backwards too': {
    nodes: [['Slice', ['x', 'from', 'to', 'axes', 'steps'], ['y']]],
    weights: { from: [-1n, 1n], to: [-100n, 100n], axes: [2n, 3n], steps: [-1n, 2n] },
  },
  'Pad by reflection': {
    nodes: [['Pad', ['x', 'pads'], ['y'], { mode: 'reflect' }]],
    weights: { pads: [0n, 0n, 2n, 1n, 0n, 0n, 0n, 3n] },
  },
  'Pad with a number, of some axes, cutting off others': {
    nodes: [['Pad', ['x', 'pads', 'value', 'axes'], ['y']]],
    weights: { pads: [1n, -1n, 2n, 0n], axes: [1n, -1n], value: number(2.5) },
  },
  'MaxPool whose windows reach beyond, of what may be negative': {
    nodes: [['MaxPool', ['x'], ['y'], { kernel_shape: [3, 3], strides: [2, 2], pads: [2, 2, 0, 0], ceil_mode: 1, storage_order: 0 }]], // prettier-ignore
  },
  'AveragePool, uneven padding that does not count': {
    nodes: [['AveragePool', ['x'], ['y'], { kernel_shape: [3, 2], strides: [2, 2], pads: [2, 1, 0, 0], ceil_mode: 1 }]], // prettier-ignore
  },
  'AveragePool, padding counts but what is beyond it does not': {
    nodes: [['AveragePool', ['x'], ['y'], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1, count_include_pad: 1 }]], // prettier-ignore
  },
  'Squeeze without axes leaves a free batch': {
    nodes: [['GlobalAveragePool', ['x'], ['g']], ['Squeeze', ['g'], ['y']]], // prettier-ignore
  },
  'DepthToSpace, the depth last': { nodes: [['DepthToSpace', ['x'], ['y'], { blocksize: 2 }]] },
  'DepthToSpace, the depth first': {
    nodes: [['DepthToSpace', ['x'], ['y'], { blocksize: 2, mode: 'CRD' }]],
  },
};

test.each(Object.entries(COMPUTED))('%s', async (_, file) => {
  await importAgrees(file);
});

describe('softmax along any axis', () => {
  const cases = ['Softmax', 'LogSoftmax'].flatMap((op) =>
    [1, 2, 3, -1, -2, -3].map((axis) => [op, axis] as const),
  );
  test.each(cases)('%s, %d', async (op, axis) => {
    await importAgrees({ nodes: [[op, ['x'], ['y'], { axis }]] });
    // In the middle of layers that want their channels last.
    const nodes: NodeOf[] = [
      ['Conv', ['x', 'w'], ['c']],
      [op, ['c'], ['s'], { axis }],
      ['Conv', ['s', 'w2'], ['y']],
    ];
    await importAgrees({ nodes, weights: { w: [4, 8, 3, 3], w2: [2, 4, 1, 1] } });
  });

  test.each([
    [[7], 1],
    [[6, 7], 1],
    [[6, 7], -1],
    [[3, 4, 2, 5], 2],
  ])('of [batch, %p], %d', async (input, axis) => {
    // prettier-ignore
    await importAgrees({ nodes: [['Softmax', ['x'], ['y'], { axis }]], input });
  });
});

describe('what a node says and a model here cannot do is refused by its name', () => {
  const yes = { name: 'yes', dataType: 9, dims: [], int32Data: [1] };

  test.each<[string, MadeFile, RegExp]>([
    [
      'an attribute of no operator set',
      { nodes: [['Relu', ['x'], ['y'], { leak: 1 }]] },
      /Relu node0: its attribute leak is not supported/,
    ],
    [
      'an attribute of a joined pair',
      {
        nodes: [
          ['Sigmoid', ['x'], ['s']],
          ['Mul', ['x', 's'], ['y'], { axis: 1 }],
        ],
      },
      /Swish node1: its attribute axis is not supported/,
    ],
    [
      'an attribute of a constant',
      {
        nodes: [
          ['Neg', ['w'], ['n'], { odd: 1 }],
          ['Mul', ['x', 'n'], ['y']],
        ],
        weights: { w: [5] },
      },
      /Neg node0: its attribute odd is not supported/,
    ],
    [
      'an input too many',
      { nodes: [['Relu', ['x', 'w'], ['y']]], weights: { w: [5] } },
      /Relu node0: its input 1, w, is not supported/,
    ],
    [
      'an output that others read',
      {
        nodes: [
          ['MaxPool', ['x'], ['m', 'at'], { kernel_shape: [2, 2] }],
          ['Concat', ['m', 'at'], ['y'], { axis: 1 }],
        ],
      },
      /MaxPool node0: its output 1, at, which other nodes read, is not supported/,
    ],
    [
      'another kernel_shape',
      { nodes: [['Conv', ['x', 'w'], ['y'], { kernel_shape: [2, 3] }]], weights: { w: [4, 8, 3, 3] } },
      /Conv node0: its kernel_shape is \[2, 3\]/,
    ],
    [
      'training of a norm',
      { ...norm, nodes: [['BatchNormalization', NORM_INPUTS, ['y'], { training_mode: 1 }]] },
      /BatchNormalization node0: its training_mode is 1/,
    ],
    [
      'training of a dropout',
      { nodes: [['Dropout', ['x', 'rate', 'yes'], ['y']]], weights: { rate: number(0.5) }, tensors: [yes] },
      /Dropout node0: its training_mode is true/,
    ],
    [
      'dilated windows',
      { nodes: [['MaxPool', ['x'], ['y'], { kernel_shape: [2, 2], dilations: [2, 1] }]] },
      /MaxPool node0: dilated windows/,
    ],
    [
      'a transposed input',
      { nodes: [['Gemm', ['x', 'w'], ['y'], { transA: 1 }]], input: [4], weights: { w: [3, 4] } },
      /Gemm node0: it transposes/,
    ],
    [
      'a type that is not read',
      { nodes: [['Cast', ['x'], ['y'], { to: 8 }]] },
      /Cast node0: elements of type 8/,
    ],
    [
      'numbers that wrap around',
      {
        nodes: [
          ['Cast', ['x'], ['i'], { to: 7 }],
          ['Cast', ['i'], ['y'], { to: 2 }],
        ],
      },
      /Cast node1: .*from int64 to uint8/,
    ],
    [
      'a softmax of the batch',
      { nodes: [['Softmax', ['x'], ['y'], { axis: 0 }]] },
      /Softmax node0: it works along the batch/,
    ],
    [
      'a batch that is squeezed',
      { nodes: [['Squeeze', ['x'], ['y']]], batch: 1 },
      /Squeeze node0: without axes it takes the batch of 1/,
    ],
    [
      'a batch that becomes another',
      { nodes: [['Reshape', ['x', 's'], ['y']]], weights: { s: [1n, -1n] } },
      /Reshape node0: .* with the batch left alone/,
    ],
    [
      'parts of another number',
      { nodes: [['Split', ['x'], ['y', 'z'], { axis: 1, num_outputs: 3 }]] },
      /Split node0: its num_outputs are 3/,
    ],
    [
      'an average of whole numbers',
      {
        nodes: [
          ['Cast', ['x'], ['i'], { to: 7 }],
          ['ReduceMean', ['i', 'a'], ['y']],
        ],
        weights: { a: [2n] },
      },
      /ReduceMean node1: whole numbers/,
    ],
  ])('%s', (_, file, message) => {
    // prettier-ignore
    const before = tf.memory().numTensors;
    expect(() => importOnnx(onnxFile(file))).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });
});

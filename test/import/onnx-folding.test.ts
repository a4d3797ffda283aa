import { useBackend } from '../../src/backends/use-backend-node';
import { importOnnx } from '../../src/import/onnx';
import { TESTED_BACKENDS } from '../support/backends';
import { importAgrees } from '../support/import-agrees';
import { onnxFile, type MadeFile, type NodeOf } from '../support/onnx-files';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

const INPUT = [3, 4, 5];
const wholes = (...values: number[]) => values.map(BigInt);
const matrix = (whole: bigint[], ...dims: number[]) => ({ whole, dims });
const scalar = (value: number) => ({ whole: [BigInt(value)], dims: [] });
const toFloat: NodeOf = ['Cast', ['i'], ['k'], { to: 1 }];

/** Nodes that compute `k`, by which the images are multiplied. */
const FOLDED: Record<string, [nodes: NodeOf[], weights: MadeFile['weights']]> = {
  'Transpose of four axes': [[['Transpose', ['w'], ['k'], { perm: [0, 2, 3, 1] }]], { w: [1, 5, 3, 4] }],
  'Slice backwards': [
    [['Slice', ['w', 'from', 'to', 'axes', 'steps'], ['k']]],
    { w: [4, 5], from: wholes(-1), to: wholes(-100), axes: wholes(0), steps: wholes(-1) },
  ],
  'Slice of several axes': [
    [['Slice', ['w', 'from', 'to', 'axes', 'steps'], ['k']]],
    { w: [9, 7], from: wholes(8, 1), to: wholes(0, 6), axes: wholes(0, 1), steps: wholes(-2, 1) },
  ],
  'Gather of rows': [[['Gather', ['w', 'at'], ['k']]], { w: [7, 4, 5], at: wholes(3, -1, 0) }],
  'Gather of columns': [
    [['Gather', ['w', 'at'], ['k'], { axis: -1 }]],
    { w: [4, 9], at: wholes(3, -1, 0, 2, 2) },
  ],
  GatherElements: [
    [['GatherElements', ['w', 'at'], ['k'], { axis: 1 }]],
    { w: [4, 5], at: matrix(wholes(0, -1, 2, 3, 4, 4, 3, 2, 1, 0, 1, 1, 1, 1, 1, 0, 2, 4, 1, 3), 4, 5) },
  ],
  GatherND: [
    [['GatherND', ['w', 'at'], ['k']]],
    { w: [4, 5, 5], at: matrix(wholes(0, 1, 2, -1, 3, 3, 1, 0), 4, 2) },
  ],
  'ScatterND, added': [
    [['ScatterND', ['w', 'at', 'u'], ['k'], { reduction: 'add' }]],
    { w: [4, 5], at: matrix(wholes(0, 1, 0, 1, 3, 4), 3, 2), u: [3] },
  ],
  ScatterElements: [
    [['ScatterElements', ['w', 'at', 'u'], ['k'], { axis: 1 }]],
    { w: [4, 5], at: matrix(wholes(0, 1, 4, -2), 2, 2), u: [2, 2] },
  ],
  'Concat of three axes': [[['Concat', ['a', 'b'], ['k'], { axis: 1 }]], { a: [3, 1, 5], b: [3, 3, 5] }],
  'Split into unequal parts': [[['Split', ['w'], ['a', 'k', 'b'], { num_outputs: 3 }]], { w: [11, 5] }],
  'Pad by reflection': [
    [['Pad', ['w', 'pads'], ['k'], { mode: 'reflect' }]],
    { w: [2, 3], pads: wholes(1, 1, 1, 1) },
  ],
  'Pad with a number, of one axis': [
    [['Pad', ['w', 'pads', 'v', 'axes'], ['k']]],
    { w: [4, 3], pads: wholes(1, 1), v: { float: [3], dims: [] }, axes: wholes(-1) },
  ],
  Tile: [[['Tile', ['w', 'times'], ['k']]], { w: [2, 5], times: wholes(2, 1) }],
  Expand: [[['Expand', ['w', 'to'], ['k']]], { w: [4, 1], to: wholes(3, 1, 5) }],
  Trilu: [[['Trilu', ['w', 'd'], ['k'], { upper: 0 }]], { w: [4, 5], d: scalar(1) }],
  OneHot: [
    [['OneHot', ['at', 'depth', 'v'], ['k'], { axis: 0 }]],
    { at: wholes(1, -1, 0, 3, 2), depth: scalar(4), v: { float: [0.5, 2] } },
  ],
  NonZero: [
    [['NonZero', ['w'], ['n']], ['Cast', ['n'], ['f'], { to: 1 }], ['ReduceSum', ['f'], ['k'], { keepdims: 0 }]], // prettier-ignore
    { w: { float: [0, 1, 0, 2, 0, 3], dims: [2, 3] } },
  ],
  Range: [[['Range', ['a', 'b', 'd'], ['i']], toFloat], { a: scalar(9), b: scalar(-1), d: scalar(-2) }],
  EyeLike: [[['EyeLike', ['w'], ['k'], { k: 1 }]], { w: [4, 5] }],
  'ConstantOfShape of many': [
    [['ConstantOfShape', ['s'], ['z']], ['Add', ['z', 'w'], ['m']], ['ReduceMax', ['m'], ['k'], { keepdims: 0 }]], // prettier-ignore
    { s: wholes(300, 300), w: [300] },
  ],
  'products beyond 65,536 elements': [
    [['Mul', ['a', 'b'], ['m']], ['ReduceMax', ['m'], ['k'], { keepdims: 0 }]], // prettier-ignore
    { a: [400, 1], b: [1, 400] },
  ],
  'Mod of whole numbers': [
    [['Mod', ['a', 'b'], ['i']], toFloat],
    { a: wholes(-7, 7, 5, -3, 1), b: wholes(3, -3, 2, 2, 4) },
  ],
  'Div of whole numbers': [
    [['Div', ['a', 'b'], ['i']], toFloat],
    { a: wholes(-7, 7, 5, -3, 1), b: wholes(3, -3, 2, 2, 4) },
  ],
  'Where, Greater, Not': [
    [
      ['Greater', ['w', 'v'], ['g']],
      ['Not', ['g'], ['n']],
      ['Where', ['n', 'w', 'v'], ['k']],
    ],
    { w: [4, 5], v: [5] },
  ],
  'Equal, Less, And, Or': [
    [
      ['Equal', ['a', 'b'], ['e']],
      ['Less', ['a', 'b'], ['l']],
      ['Or', ['e', 'l'], ['o']],
      ['And', ['o', 'o'], ['i']],
      toFloat,
    ],
    { a: wholes(1, 2, 3, 4, 5), b: scalar(3) },
  ],
  'CumSum from the end': [
    [['CumSum', ['w', 'axis'], ['k'], { reverse: 1, exclusive: 1 }]],
    { w: [4, 5], axis: scalar(1) },
  ],
  'ArgMax of rows': [[['ArgMax', ['w'], ['i'], { axis: 0, keepdims: 0 }], toFloat], { w: [6, 5] }], // prettier-ignore
  Floor: [[['Floor', ['w'], ['k']]], { w: [4, 5] }],
  MatMul: [[['MatMul', ['a', 'b'], ['k']]], { a: [4, 6], b: [6, 5] }],
  'Cast that wraps around': [[['Cast', ['a'], ['i'], { to: 2 }], toFloat], { a: wholes(-1, 300, 5, 255, 7) }],
  ...Object.fromEntries(
    ['Abs', 'Neg', 'Sign', 'Ceil', 'Round', 'Exp', 'Sqrt', 'Log', 'Reciprocal', 'Tanh', 'Sigmoid', 'Softplus', 'Relu', 'Sin', 'Cos'].map((op) => [op, [[[op, ['variance'], ['k']]], { variance: [4, 5] }]]), // prettier-ignore
  ),
  ...Object.fromEntries(
    ['ReduceMean', 'ReduceSum', 'ReduceProd', 'ReduceMax', 'ReduceMin', 'ReduceL1', 'ReduceL2', 'ReduceSumSquare', 'ReduceLogSumExp'].map((op) => [op, [[[op, ['w', 'axes'], ['k'], { keepdims: 0 }]], { w: [2, 4, 3, 5], axes: wholes(0, -2) }]]), // prettier-ignore
  ),
  ...Object.fromEntries(
    ['Min', 'Max', 'Sum', 'Mean'].map((op) => [op, [[[op, ['a', 'b', 'c'], ['k']]], { a: [4, 5], b: [5], c: [4, 1] }]]), // prettier-ignore
  ),
};

test.each(Object.entries(FOLDED))('%s is evaluated', async (_, [nodes, weights]) => {
  await importAgrees({ nodes: [...nodes, ['Mul', ['x', 'k'], ['y']]], input: INPUT, weights });
});

test('halves are rounded to even', async () => {
  const weights = { w: { float: [0.5, 1.5, 2.5, -0.5, -1.5] } };
  await importAgrees({ nodes: [['Round', ['w'], ['k']], ['Mul', ['x', 'k'], ['y']]], input: INPUT, weights }); // prettier-ignore
});

test('the padding that PyTorch writes of ZeroPad2d, turned round by a step of -1', async () => {
  const nodes: NodeOf[] = [
    [
      'ConstantOfShape',
      ['four'],
      ['zeros'],
      { value: { tensor: { dataType: 7, dims: [1n], int64Data: [0n] } } },
    ],
    ['Concat', ['sides', 'zeros'], ['all'], { axis: 0 }],
    ['Reshape', ['all', 'pairs'], ['p']],
    ['Slice', ['p', 'last', 'end', 'first', 'last'], ['r']],
    ['Transpose', ['r'], ['t'], { perm: [1, 0] }],
    ['Reshape', ['t', 'last'], ['flat']],
    ['Cast', ['flat'], ['pads'], { to: 7 }],
    ['Pad', ['x', 'pads'], ['y'], { mode: 'constant' }],
  ];
  const weights = {
    four: wholes(4),
    sides: wholes(1, 2, 3, 0),
    pairs: wholes(-1, 2),
    last: wholes(-1),
    end: [-9223372036854775807n],
    first: wholes(0),
  };
  await importAgrees({ nodes, input: INPUT, weights });
});

describe('shape arithmetic', () => {
  const reshape = (...nodes: NodeOf[]): NodeOf[] => [...nodes, ['Reshape', ['x', 'to'], ['y']]];
  const shape: NodeOf = ['Shape', ['x'], ['s']];

  test.each<[string, NodeOf[], MadeFile['weights']]>([
    [
      'the product of all but the batch',
      reshape(
        ['Shape', ['x'], ['b'], { end: 1 }],
        ['Shape', ['x'], ['r'], { start: 1 }],
        ['ReduceProd', ['r'], ['p']],
        ['Concat', ['b', 'p'], ['to'], { axis: 0 }],
      ),
      {},
    ],
    [
      'the size by the batch',
      reshape(
        ['Size', ['x'], ['n']],
        ['Shape', ['x'], ['b'], { end: 1 }],
        ['Div', ['n', 'b'], ['r']],
        ['Concat', ['b', 'r'], ['to'], { axis: 0 }],
      ),
      {},
    ],
    [
      'the batch times four, by four',
      reshape(
        ['Shape', ['x'], ['b'], { end: 1 }],
        ['Mul', ['b', 'four'], ['m']],
        ['Div', ['m', 'four'], ['d']],
        ['Concat', ['d', 'minus'], ['to'], { axis: 0 }],
      ),
      { four: wholes(4), minus: wholes(-1) },
    ],
    [
      'what is -1 replaced',
      reshape(shape, ['Equal', ['s', 'minus'], ['e']], ['Where', ['e', 'minus', 's'], ['to']]),
      { minus: wholes(-1) },
    ],
    [
      'half of the channels, rounded up',
      [
        shape,
        ['Gather', ['s', 'one'], ['c']],
        ['Cast', ['c'], ['f'], { to: 1 }],
        ['Div', ['f', 'two'], ['h']],
        ['Ceil', ['h'], ['u']],
        ['Cast', ['u'], ['end'], { to: 7 }],
        ['Slice', ['x', 'zero', 'end', 'one'], ['y']],
      ],
      { one: wholes(1), zero: wholes(0), two: { float: [2] } },
    ],
  ])('%s', async (_, nodes, weights) => {
    // prettier-ignore
    await importAgrees({ nodes, input: INPUT, weights });
  });

  test.each<[string, NodeOf[], RegExp]>([
    [
      'a batch of another length',
      [
        ['Mul', ['b', 'four'], ['m']],
        ['Concat', ['m', 'minus'], ['to'], { axis: 0 }],
        ['Reshape', ['x', 'to'], ['y']],
      ],
      /Reshape node3: its input 1 depends on the length of the batch other than being it/,
    ],
    [
      'a number of the batch',
      [
        ['Cast', ['b'], ['f'], { to: 1 }],
        ['Mul', ['x', 'f'], ['y']],
      ],
      /Mul node2: its input 1 depends on the length of the batch/,
    ],
    [
      'as many as the batch',
      [
        ['ConstantOfShape', ['b'], ['z']],
        ['Mul', ['x', 'z'], ['y']],
      ],
      /ConstantOfShape node1: how many elements it gives depends on the batch/,
    ],
  ])('%s is refused', (_, nodes, message) => {
    // prettier-ignore
    const file = onnxFile({
      nodes: [['Shape', ['x'], ['b'], { end: 1 }], ...nodes],
      input: INPUT,
      weights: { four: wholes(4), minus: wholes(-1) },
    });
    expect(() => importOnnx(file)).toThrow(message);
  });
});

test('what is not evaluated is said to be of constants, and by its node', () => {
  const file = (node: NodeOf): Uint8Array =>
    onnxFile({ nodes: [node, ['Mul', ['x', 'k'], ['y']]], input: INPUT, weights: { w: [4, 5], far: [9n] } });
  expect(() => importOnnx(file(['Softmax', ['w'], ['k']]))).toThrow(
    /Softmax node0: it is an operator on constants that is not evaluated here/,
  );
  expect(() => importOnnx(file(['Gather', ['w', 'far'], ['k']]))).toThrow(
    /Gather node0: there is no position 9 of 4/,
  );
});

import { useBackend } from '../../src/backends/use-backend-node';
import { importOnnx } from '../../src/import/onnx';
import { TESTED_BACKENDS } from '../support/backends';
import { onnxFile, type NodeOf } from '../support/onnx-files';
import { differenceFromOnnx } from '../support/onnxruntime';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

const number = (value: number) => ({ float: [value], dims: [] });
const network: NodeOf[] = [
  ['Transpose', ['p'], ['t'], { perm: [0, 3, 1, 2] }],
  ['Conv', ['t', 'w'], ['y']],
];

/** What is done to the images, `x`, before their channels come second. */
const BEFORE: Record<string, NodeOf[]> = {
  'one factor': [['Mul', ['x', 'scale'], ['p']]],
  'pixels, mean and deviation': [
    ['Div', ['x', 'full'], ['a']],
    ['Sub', ['a', 'mean'], ['b']],
    ['Div', ['b', 'variance'], ['p']],
  ],
  'mean of four axes': [['Sub', ['x', 'mean4'], ['p']]],
  'a number for each column': [['Add', ['x', 'column'], ['p']]],
  'a number for each row': [['Add', ['row', 'x'], ['p']]],
  'a number for each': [['Mul', ['x', 'all'], ['p']]],
  'cast and clipped': [
    ['Cast', ['x'], ['c'], { to: 1 }],
    ['Clip', ['c', 'scale', 'full'], ['p']],
  ],
  'divided by what its shape says': [
    ['Shape', ['x'], ['s'], { start: 3 }],
    ['Cast', ['s'], ['f'], { to: 1 }],
    ['Div', ['x', 'f'], ['p']],
  ],
};

const weights = {
  w: [4, 3, 3, 3],
  scale: number(1 / 255),
  full: number(255),
  mean: [3],
  mean4: [1, 1, 1, 3],
  variance: [3],
  column: [5, 1],
  row: [6, 1, 1],
  all: [6, 5, 3],
};

test.each(Object.entries(BEFORE))('channels stay last behind %s', async (_, before) => {
  const bytes = onnxFile({ nodes: [...before, ...network], input: [6, 5, 3], weights });
  const model = importOnnx(bytes);
  expect(model.inputs[0].shape).toEqual([null, 6, 5, 3]);
  // The one transposition is the file's own.
  expect(model.layers.filter((layer) => layer.getClassName() === 'Permute')).toEqual([]);
  expect(await differenceFromOnnx(bytes, model, { layout: 'NHWC' })).toBeLessThan(1e-5);
  model.dispose();
});

test('a constant along the width makes no image one whose channels are last', async () => {
  const nodes: NodeOf[] = [['Add', ['x', 'm'], ['a']], ['Conv', ['a', 'w'], ['y']]]; // prettier-ignore
  const bytes = onnxFile({ nodes, input: [3, 6, 5], weights: { m: [5], w: [4, 3, 3, 3] } });
  const model = importOnnx(bytes);
  expect(model.inputs[0].shape).toEqual([null, 6, 5, 3]);
  expect(await differenceFromOnnx(bytes, model)).toBeLessThan(1e-5);
  model.dispose();
});

import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import { GraphRunner } from '../../src/graph/graph-runner';
import { lowerModel } from '../../src/graph/lower-model';
import { importOnnx } from '../../src/import/onnx';
import { TESTED_BACKENDS } from '../support/backends';
import { importAgrees } from '../support/import-agrees';
import { onnxFile, type MadeFile } from '../support/onnx-files';
import { relativeDifference } from '../support/onnxruntime';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

/** As many channels as rows and columns, so that only its place tells which axis a length belongs to. */
const SQUARE = [4, 4, 4];

describe('a constant is joined along the axes that it varies along', () => {
  const shapes = [[4], [4, 1], [4, 1, 1], [1, 4, 1, 1], [4, 4], [4, 1, 4], [4, 4, 1], [4, 4, 4], [1, 1, 1]];
  const operators = ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min'];
  const cases = operators.flatMap((op) => shapes.map((shape) => [op, shape] as const));

  test.each(cases)('%s, [%p]', async (op, shape) => {
    // `variance` is drawn above 0.
    const nodes = (inputs: string[]): MadeFile['nodes'] => [[op, inputs, ['y']]];
    const weights = { variance: shape };
    await importAgrees({ nodes: nodes(['x', 'variance']), input: SQUARE, weights });
    if (op !== 'Div') await importAgrees({ nodes: nodes(['variance', 'x']), input: SQUARE, weights });
  });

  test.each([
    ['repeats the value', [3, 1, 5], [4, 1]],
    ['repeats both', [3, 4, 1], [1, 5]],
    ['of a sequence', [9, 9], [9, 1]],
    ['of vectors', [6], [1, 6]],
    ['of five axes', [3, 4, 5, 2], [4, 1, 2]],
  ])('%s', async (_, input, shape) => {
    await importAgrees({ nodes: [['Add', ['x', 'w'], ['y']]], input, weights: { w: shape } });
    await importAgrees({ nodes: [['Sub', ['w', 'x'], ['y']]], input, weights: { w: shape } });
  });

  test('divided by what is computed, and powers', async () => {
    const weights = { w: [4, 1], variance: [4, 1, 1] };
    await importAgrees({ input: SQUARE, weights, nodes: [['Exp', ['x'], ['e']], ['Div', ['w', 'e'], ['y']]] }); // prettier-ignore
    await importAgrees({ input: SQUARE, weights, nodes: [['Exp', ['x'], ['e']], ['Pow', ['e', 'w'], ['y']]] }); // prettier-ignore
    await importAgrees({ input: SQUARE, weights, nodes: [['Pow', ['variance', 'x'], ['y']]] });
  });
});

test('an engine computes such constants as the model does', () => {
  const nodes: MadeFile['nodes'] = [
    ['Mul', ['x', 'a'], ['m']],
    ['Sub', ['b', 'm'], ['s']],
    ['Div', ['s', 'variance'], ['y']],
  ];
  const weights = { a: [4, 1], b: [4, 4, 1], variance: [4, 5] };
  const model = importOnnx(onnxFile({ nodes, input: [4, 4, 5], weights }));
  const runner = new GraphRunner(foldBatchNorm(lowerModel(model)));
  tf.tidy(() => {
    const x = tf.randomNormal([2, 4, 5, 4], 0, 1, 'float32', 5);
    expect(relativeDifference(runner.run([x])[0], model.predict(x) as tf.Tensor)).toBeLessThan(1e-6);
  });
  runner.dispose();
  model.dispose();
});

describe('nodes become one layer only where their constants vary along the same axis', () => {
  const pairs = [[4], [4, 1], [4, 1, 1], [4, 4], [1, 4, 1]];
  const cases = pairs.flatMap((scale) => pairs.map((shift) => [scale, shift] as const));

  test.each(cases)('scale [%p], shift [%p]', async (scale, shift) => {
    const nodes: MadeFile['nodes'] = [
      ['Mul', ['x', 's'], ['m']],
      ['Add', ['b', 'm'], ['y']],
    ];
    await importAgrees({ nodes, input: SQUARE, weights: { s: scale, b: shift } });
  });

  test.each([[[9]], [[9, 1]], [[1, 9]], [[9, 9]], [[1, 9, 1]], [[1]]])(
    'matrix product and bias [%p]',
    async (shape) => {
      const nodes: MadeFile['nodes'] = [
        ['MatMul', ['x', 'w'], ['m']],
        ['Add', ['m', 'b'], ['y']],
      ];
      await importAgrees({ nodes, input: [9, 9], weights: { w: [9, 9], b: shape } });
    },
  );

  test.each([[[3]], [[1, 3]], [[1, 1]], [[1]]])('Gemm with C [%p]', async (shape) => {
    const attributes = { transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } };
    const nodes: MadeFile['nodes'] = [['Gemm', ['x', 'w', 'c'], ['y'], attributes]];
    await importAgrees({ nodes, input: [4], weights: { w: [3, 4], c: shape } });
  });

  test('layer norm in pieces, whose scale is one of rows', async () => {
    const nodes: MadeFile['nodes'] = [
      ['ReduceMean', ['x'], ['mean'], { axes: [-1] }],
      ['Sub', ['x', 'mean'], ['c']],
      ['Pow', ['c', 'two'], ['square']],
      ['ReduceMean', ['square'], ['variance'], { axes: [-1] }],
      ['Add', ['variance', 'eps'], ['v']],
      ['Sqrt', ['v'], ['s']],
      ['Div', ['c', 's'], ['d']],
      ['Mul', ['d', 'g'], ['m']],
      ['Add', ['m', 'b'], ['y']],
    ];
    const weights = { g: [8, 1], b: [8, 1], two: { float: [2] }, eps: { float: [1e-3] } };
    await importAgrees({ opset: 16, nodes, input: [8, 8], weights });
  });

  test('a matrix that stands first works along the rows', async () => {
    await importAgrees({ nodes: [['MatMul', ['w', 'x'], ['y']]], input: [3, 4], weights: { w: [5, 3] } });
  });
});

test.each<[string, MadeFile, RegExp]>([
  [
    'along the batch',
    { nodes: [['Gemm', ['x', 'w', 'c'], ['y']]], input: [4], batch: 3, weights: { w: [4, 3], c: [3, 1] } },
    /Gemm node0: a constant varies along the batch, which is free here\. Received: \[3, 1\] for \[batch, 3\]/,
  ],
  [
    'with an axis before the batch',
    { nodes: [['Mul', ['x', 'w'], ['y']]], input: [4], weights: { w: [1, 1, 4] } },
    /Mul node0: a constant has more axes/,
  ],
  [
    'of another length',
    { nodes: [['Mul', ['x', 'w'], ['y']]], input: [4, 4], weights: { w: [3] } },
    /Mul node0: a constant does not fit\. Received: \[3\] for \[batch, 4, 4\]/,
  ],
])('a constant %s is refused by its node', (_, file, message) => {
  expect(() => importOnnx(onnxFile(file))).toThrow(message);
});

import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { layersModelArtifacts } from '../../src/export/layers-model';
import { importOnnx } from '../../src/import/onnx';
import { TESTED_BACKENDS } from '../support/backends';
import { onnxFile, type MadeFile } from '../support/onnx-files';
import { relativeDifference, runOnnx, toNchw } from '../support/onnxruntime';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

const weights = { w: [8, 8, 1, 1] };

/** Values that one node reads twice, and outputs that are one value. */
const CASES: Record<string, MadeFile> = {
  'a cube': {
    nodes: [
      ['Conv', ['x', 'w'], ['a']],
      ['Mul', ['a', 'a'], ['b']],
      ['Mul', ['a', 'b'], ['y']],
    ],
    weights,
  },
  'two outputs of one value': {
    nodes: [
      ['Relu', ['x'], ['y']],
      ['Identity', ['y'], ['z']],
      ['Identity', ['z'], ['more']],
    ],
    outputs: ['y', 'z', 'more'],
  },
  'an input as it is, twice': {
    nodes: [
      ['Identity', ['x'], ['y']],
      ['Identity', ['x'], ['z']],
      ['Conv', ['x', 'w'], ['c']],
    ],
    outputs: ['y', 'z', 'c'],
    weights,
  },
  'an output that is read': {
    nodes: [
      ['Conv', ['x', 'w'], ['c']],
      ['Sum', ['c', 'c', 'c'], ['s']],
      ['Concat', ['s', 'c', 's'], ['y'], { axis: 1 }],
    ],
    outputs: ['c', 'y'],
    weights,
  },
};

describe.each(Object.entries(CASES))('%s', (_, file) => {
  test('is what ONNX Runtime computes, also saved and loaded by tfjs alone', async () => {
    const warn = jest.spyOn(console, 'warn');
    const bytes = onnxFile(file);
    const model = importOnnx(bytes);
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(await layersModelArtifacts(model)));
    const x = tf.randomNormal([3, 6, 5, 8], 0, 1, 'float32', 7);
    const nchw = toNchw(x);
    const expected = await runOnnx(bytes, { x: nchw });
    for (const each of [model, loaded]) {
      const made = [each.predict(x)].flat() as tf.Tensor[];
      expect(made).toHaveLength(expected.length);
      made.forEach((tensor, i) => {
        const ours = toNchw(tensor);
        expect(relativeDifference(ours, expected[i][1])).toBeLessThan(1e-5);
        tf.dispose([ours, tensor]);
      });
    }
    expect(warn).not.toHaveBeenCalled();
    tf.dispose([x, nchw, expected.map(([, tensor]) => tensor)]);
    model.dispose();
    loaded.dispose();
  });

  test('trains', async () => {
    const model = importOnnx(onnxFile(file));
    const isTrained = model.trainableWeights.length > 0;
    model.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
    const x = tf.randomNormal([2, 6, 5, 8], 0, 1, 'float32', 7);
    const y = model.outputs.map(({ shape }) => tf.zeros([2, ...(shape.slice(1) as number[])]));
    const loss = () =>
      [model.evaluate(x, y)]
        .flat()
        .map((scalar) => scalar.dataSync()[0])
        .at(-1) as number;
    if (isTrained) {
      const before = loss();
      await model.fit(x, y, { epochs: 3, verbose: 0 });
      expect(loss()).toBeLessThan(before);
    } else expect(loss()).toBeGreaterThan(0);
    tf.dispose([x, y]);
    model.dispose();
  });
});

test('weights that two nodes share are gone with the model', () => {
  const before = tf.memory().numTensors;
  const nodes: MadeFile['nodes'] = [
    ['Conv', ['x', 'w'], ['a']],
    ['Relu', ['a'], ['b']],
    ['Conv', ['b', 'w'], ['c']],
    ['Conv', ['c', 'w'], ['y']],
  ];
  importOnnx(onnxFile({ nodes, weights })).dispose();
  expect(tf.memory().numTensors).toBe(before);
});

import * as tf from '@tensorflow/tfjs';
import { createModel } from '../../models';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import { lowerModel } from '../../src/graph/lower-model';
import { onnxruntimeEngine } from '../../src/inference/onnxruntime-engine-node';
import { describeOnBackends } from '../support/backends';
import { relativeDifference } from '../support/onnxruntime';
import { sampleImages, sampleModel } from '../support/zoo-samples';

describeOnBackends('the onnxruntime engine', () => {
  test('predicts what the model predicts, for any batch, and leaves no tensor', async () => {
    const model = sampleModel('resnext_toy');
    const before = tf.memory().numTensors;
    const engine = await onnxruntimeEngine(foldBatchNorm(lowerModel(model)));
    expect(engine.name).toBe('onnxruntime');
    for (const count of [1, 3]) {
      const images = sampleImages(model, count);
      const expected = model.predict(images) as tf.Tensor;
      const made = await engine.predict(images);
      expect(made).toHaveLength(1);
      expect(relativeDifference(made[0], expected)).toBeLessThan(1e-4);
      tf.dispose([images, expected, made]);
    }
    await engine.dispose();
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  test('puts out images with their channels last, and takes whole numbers', async () => {
    const model = createModel('resnext_toy', { features: true, seed: 1 });
    const engine = await onnxruntimeEngine(foldBatchNorm(lowerModel(model)));
    const images = tf.randomUniform<tf.Rank.R4>([2, 32, 32, 3], -2, 3, 'int32', 1);
    const expected = model.predict(tf.cast(images, 'float32')) as tf.Tensor[];
    const made = await engine.predict(images);
    expect(made).toHaveLength(expected.length);
    made.forEach((stage, i) => expect(relativeDifference(stage, expected[i])).toBeLessThan(1e-4));
    await engine.dispose();
    tf.dispose([images, expected, made]);
    model.dispose();
  });
});

test('what it cannot run is said', async () => {
  const vector = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [4] })] });
  await expect(onnxruntimeEngine(lowerModel(vector))).rejects.toThrow('an input of images');
  const inputs = [1, 2].map(() => tf.input({ shape: [4, 4, 1] }));
  const two = tf.model({ inputs, outputs: tf.layers.add().apply(inputs) as tf.SymbolicTensor });
  await expect(onnxruntimeEngine(lowerModel(two))).rejects.toThrow('one input. Received: 2');
  const model = createModel('resnext_toy', { seed: 1 });
  const engine = await onnxruntimeEngine(lowerModel(model));
  const small = tf.zeros<tf.Rank.R4>([1, 16, 16, 3]);
  await expect(engine.predict(small)).rejects.toThrow(
    'images: expected [batch, 32, 32, 3]. Received: [1,16,16,3].',
  );
  await engine.dispose();
  small.dispose();
  for (const each of [vector, two, model]) each.dispose();
});

test.each([
  [
    Object.assign(new Error("Cannot find module 'onnxruntime-node'\nRequire stack:"), {
      code: 'MODULE_NOT_FOUND',
    }),
    "onnxruntime-node is not installed: run 'npm install onnxruntime-node'",
  ],
  [new Error('invalid ELF header\nmore'), 'onnxruntime-node does not load (invalid ELF header): run'],
])('a package that cannot be had is said, and how to get it: %s', (error, message) => {
  jest.isolateModules(() => {
    jest.doMock('onnxruntime-node', () => {
      throw error;
    });
    const { loadOnnxruntime } = jest.requireActual<
      typeof import('../../src/inference/load-onnxruntime-node')
    >('../../src/inference/load-onnxruntime-node');
    expect(loadOnnxruntime).toThrow(message);
  });
  jest.dontMock('onnxruntime-node');
});

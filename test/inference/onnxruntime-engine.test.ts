import * as tf from '@tensorflow/tfjs';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import { lowerModel } from '../../src/graph/lower-model';
import { onnxruntimeEngine } from '../../src/inference/onnxruntime-engine-node';
import { describeOnBackends } from '../support/backends';
import { expectEmptyBatch, expectEveryOutput, expectRefusals } from '../support/engine-contract';
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
    await expectEveryOutput(onnxruntimeEngine);
  });

  test('predicts nothing for no images', async () => {
    await expectEmptyBatch(onnxruntimeEngine);
  });
});

test('what it cannot run is said', async () => {
  await expectRefusals(onnxruntimeEngine);
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
    const { loadOnnxruntime } = jest.requireActual<typeof import('../../src/export/load-onnxruntime-node')>(
      '../../src/export/load-onnxruntime-node',
    );
    expect(loadOnnxruntime).toThrow(message);
  });
  jest.dontMock('onnxruntime-node');
});

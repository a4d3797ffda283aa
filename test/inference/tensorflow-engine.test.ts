import * as tf from '@tensorflow/tfjs';
import { createModel } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import { lowerModel } from '../../src/graph/lower-model';
import { tensorflowEngine } from '../../src/inference/tensorflow-engine-node';
import { HAS_NATIVE } from '../support/backends';
import { expectEmptyBatch, expectEveryOutput, expectRefusals } from '../support/engine-contract';
import { relativeDifference } from '../support/onnxruntime';
import { sampleImages, sampleModel } from '../support/zoo-samples';

// The engine is libtensorflow: without it there is only the refusal, below.
const describeNative = HAS_NATIVE ? describe : describe.skip;

describeNative('the tensorflow engine', () => {
  beforeAll(async () => {
    await useBackend('tensorflow');
  });

  test.each(['resnext_toy', 'mobilenet_v2_cifar', 'shufflenet_v2_x1_0_cifar'] as const)(
    '%s: predicts what the model predicts, for any batch, and leaves no tensor',
    async (name) => {
      const model = sampleModel(name);
      const before = tf.memory();
      const engine = await tensorflowEngine(foldBatchNorm(lowerModel(model)));
      expect(engine.name).toBe('tensorflow');
      for (const count of [1, 3, 1]) {
        const images = sampleImages(model, count);
        const expected = model.predict(images) as tf.Tensor;
        const made = await engine.predict(images);
        expect(made).toHaveLength(1);
        expect(relativeDifference(made[0], expected)).toBeLessThan(1e-4);
        tf.dispose([images, expected, made]);
      }
      await engine.dispose();
      const { numTensors, numBytes } = tf.memory();
      expect([numTensors, numBytes]).toEqual([before.numTensors, before.numBytes]);
      model.dispose();
    },
  );

  test('gives every output in order, and takes whole numbers', async () => {
    await expectEveryOutput(tensorflowEngine);
  });

  test('predicts nothing for no images', async () => {
    await expectEmptyBatch(tensorflowEngine);
  });

  test('says what it cannot run', async () => {
    await expectRefusals(tensorflowEngine);
  });
});

test('another backend is refused', async () => {
  await useBackend('cpu');
  const model = createModel('resnext_toy', { seed: 1 });
  await expect(tensorflowEngine(lowerModel(model))).rejects.toThrow(
    'needs the tensorflow backend, and the current one is cpu',
  );
  model.dispose();
});

import * as tf from '@tensorflow/tfjs';
import { createModel } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import { lowerModel } from '../../src/graph/lower-model';
import { tensorflowEngine } from '../../src/inference/tensorflow-engine-node';
import { HAS_NATIVE } from '../support/backends';
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
    const model = createModel('resnext_toy', { features: true, seed: 1 });
    const engine = await tensorflowEngine(foldBatchNorm(lowerModel(model)));
    const images = tf.randomUniform<tf.Rank.R4>([2, 32, 32, 3], -2, 3, 'int32', 1);
    const expected = model.predict(tf.cast(images, 'float32')) as tf.Tensor[];
    const made = await engine.predict(images);
    expect(made).toHaveLength(expected.length);
    made.forEach((stage, i) => expect(relativeDifference(stage, expected[i])).toBeLessThan(1e-4));
    await engine.dispose();
    tf.dispose([images, expected, made]);
    model.dispose();
  });

  test('says what it cannot run', async () => {
    const vector = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [4] })] });
    await expect(tensorflowEngine(lowerModel(vector))).rejects.toThrow('an input of images');
    const inputs = [1, 2].map(() => tf.input({ shape: [4, 4, 1] }));
    const two = tf.model({ inputs, outputs: tf.layers.add().apply(inputs) as tf.SymbolicTensor });
    await expect(tensorflowEngine(lowerModel(two))).rejects.toThrow('one input. Received: 2');
    const model = createModel('resnext_toy', { seed: 1 });
    const engine = await tensorflowEngine(lowerModel(model));
    const small = tf.zeros<tf.Rank.R4>([1, 16, 16, 3]);
    await expect(engine.predict(small)).rejects.toThrow(
      'images: expected [batch, 32, 32, 3]. Received: [1,16,16,3].',
    );
    await engine.dispose();
    small.dispose();
    for (const each of [vector, two, model]) each.dispose();
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

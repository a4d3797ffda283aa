import * as tf from '@tensorflow/tfjs';

import { isAccelerated } from '../../src/backends/accelerate';
import { useBackend } from '../../src/backends/use-backend-node';
import { CardinalError } from '../../src/errors';
import { evaluate } from '../../src/train/evaluate';
import { train, type TrainOptions } from '../../src/train/train';
import { readWeights } from '../../src/train/weights';
import { smallDataset, smallModel } from './small-problem';

const images = smallDataset(48);
const validation = smallDataset(16, { seed: 2 });
const RECIPE: TrainOptions = { epochs: 3, batchSize: 16, learningRate: 0.05, ema: 0.9, seed: 7 };

beforeAll(async () => {
  await useBackend('auto');
});

async function trained(model: tf.LayersModel, options: TrainOptions = {}): Promise<number[]> {
  await train(model, { train: images, validation }, { ...RECIPE, ...options });
  return [...readWeights(model).values()].flatMap(({ data }) => [...data]);
}

async function straight(modelSeed = 1): Promise<number[]> {
  const model = smallModel({ seed: modelSeed });
  const weights = await trained(model);
  model.dispose();
  return weights;
}

test('a second training of a model that is being trained is refused, and the first goes on as if nothing had been', async () => {
  const expected = await straight();
  const before = tf.memory().numTensors;
  const model = smallModel();
  const first = trained(model);
  await expect(trained(model)).rejects.toThrow(CardinalError);
  // Another model of the same layers has the same weights.
  const same = tf.model({ inputs: model.inputs, outputs: model.outputs });
  await expect(trained(same)).rejects.toThrow(/model: expected one that is not being trained already/);
  expect(await first).toEqual(expected);
  // Over, it may be trained again.
  await trained(model);
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('two models are trained at once as they are one after the other', async () => {
  const expected = [await straight(1), await straight(2)];
  const models = [smallModel({ seed: 1 }), smallModel({ seed: 2 })];
  const found = await Promise.all([trained(models[0], { epochs: 3 }), trained(models[1])]);
  expect(found).toEqual(expected);
  expect(isAccelerated()).toBe(false);
  models.forEach((model) => model.dispose());
});

test.each([true, false])(
  'a backend that is switched in the midst of a run is for others; compiled: %s',
  async (compile) => {
    const own = tf.getBackend();
    const reference = smallModel();
    const expected = await trained(reference, { compile });
    reference.dispose();
    const before = tf.memory().numTensors;
    const model = smallModel();
    const seen: string[] = [];
    const found = await trained(model, {
      compile,
      onStep({ step }) {
        if (step % 2 === 1) void tf.setBackend('cpu');
        seen.push(tf.getBackend());
        // Brings the weights to that backend.
        if (step === 3) tf.dispose(model.predict(tf.zeros([1, 8, 8, 3])));
      },
    });
    expect(seen).toContain('cpu');
    expect(tf.getBackend()).toBe('cpu');
    await tf.setBackend(own);
    expect(found).toEqual(expected);
    model.dispose();
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before + 1);
  },
);

test('an evaluation stays on its backend too', async () => {
  const own = tf.getBackend();
  const model = smallModel();
  const expected = await evaluate(model, images, { batchSize: 8 });
  const { loss } = await evaluate(model, images, {
    batchSize: 8,
    onProgress: (done) => void (done === 8 && tf.setBackend('cpu')),
  });
  expect([tf.getBackend(), loss]).toEqual(['cpu', expected.loss]);
  await tf.setBackend(own);
  model.dispose();
});

import * as tf from '@tensorflow/tfjs';

import { createModel } from '../../models';
import { accelerate, restore } from '../../src/backends/accelerate';
import { useBackend } from '../../src/backends/use-backend-node';
import { batches } from '../../src/data/batches';
import { countCorrect, predictedClasses } from '../../src/train/classification';
import { evaluate } from '../../src/train/evaluate';
import { Sgd } from '../../src/train/sgd';
import { StatisticsWarmUp } from '../../src/train/statistics-warm-up';
import { train, type TrainOptions } from '../../src/train/train';
import { TrainingStep } from '../../src/train/training-step';
import { trainableParameters } from '../../src/train/weights';
import { describeOnBackends, TESTED_BACKENDS } from '../support/backends';
import { smallDataset, smallModel } from './small-problem';

const images = smallDataset(96);
/** Twelve steps in all. */
const SHORT: TrainOptions = {
  epochs: 2,
  batchSize: 16,
  learningRate: 0.1,
  padCrop: 0,
  flip: false,
  seed: 1,
};

/** Accuracy where batch norm normalises by the batch itself, as in training: what the weights are worth. */
function accuracyByBatches(model: tf.LayersModel): number {
  let correct = 0;
  for (const { images: pixels, labels, count } of batches(images, { batchSize: 48 })) {
    const logits = tf.tidy(() => {
      const batch = tf.tensor(pixels, [count, ...images.imageShape]);
      return (model.apply(batch, { training: true }) as tf.Tensor).dataSync<'float32'>();
    });
    correct += countCorrect(predictedClasses(logits, images.classNames.length), labels);
  }
  return correct / images.count;
}

async function expectEvaluatedAsTrained(momentum: number, options: TrainOptions): Promise<void> {
  const model = smallModel({ momentum });
  await train(model, { train: images }, { ...SHORT, ...options });
  const { accuracy } = await evaluate(model, images);
  const byBatches = accuracyByBatches(model);
  model.dispose();
  expect(byBatches).toBeGreaterThan(0.9);
  expect(accuracy).toBeGreaterThan(byBatches - 0.05);
}

// The cpu backend takes half a minute for each.
const backends = TESTED_BACKENDS.filter((backend) => backend !== 'cpu');
describe.each(backends)('a run of twelve steps on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  // Of PyTorch's default, of Keras's, and of MNASNet.
  test.each([0.9, 0.99, 0.9997])('is evaluated as it was trained, at a momentum of %d', (momentum) =>
    expectEvaluatedAsTrained(momentum, {}),
  );

  test.each<TrainOptions>([
    { ema: 0.99 },
    { lookahead: 4 },
    { compile: false },
    { optimizer: 'adamw', learningRate: 0.02 },
  ])('is so with %j', (options) => expectEvaluatedAsTrained(0.99, options));
});

describeOnBackends('a training step', () => {
  beforeAll(accelerate);
  afterAll(restore);

  test.each([true, false])('moves statistics as plain loops do; compiled where it can be: %s', (compile) => {
    const norm = (name: string, momentum: number) =>
      tf.layers.batchNormalization({ name, momentum, epsilon: 0, inputShape: [2] });
    // The inner one is found too. What it reads has a mean of 0 and a variance of 1 in every step.
    const inner = tf.sequential({ layers: [norm('slow', 0.99)] });
    const model = tf.sequential({ layers: [norm('quick', 0.4), inner] });
    const parameters = trainableParameters(model);
    const optimizer = new Sgd(parameters, { momentum: 0, weightDecay: 0 });
    const step = new TrainingStep({ model, parameters, optimizer, seed: 1, compile });
    const expected = { mean: 0, variance: 1, slowMean: 0.5 };
    tf.tidy(() => inner.layers[0].setWeights([tf.ones([2]), tf.zeros([2]), tf.fill([2], 0.5), tf.ones([2])]));
    const before = tf.memory().numTensors;
    for (let done = 0; done < 8; done++) {
      // Of mean 3·done and variance done + 1.
      const spread = Math.sqrt(done + 1);
      const rows = tf.tensor2d([3 * done - spread, 1, 3 * done + spread, 5], [2, 2]);
      const targets = tf.tensor2d([1, 0, 0, 1], [2, 2]);
      step.run({ images: rows, targets }, 1e-9, done).commit();
      tf.dispose([rows, targets]);
      const decay = (1 + done) / (10 + done);
      const quick = Math.min(0.4, decay);
      expected.mean = quick * expected.mean + (1 - quick) * 3 * done;
      expected.variance = quick * expected.variance + (1 - quick) * (done + 1);
      expected.slowMean *= decay;
    }
    expect(tf.memory().numTensors).toBe(before);
    const statistics = (layer: tf.layers.Layer): number[] =>
      layer.weights.slice(2).map((weight) => weight.read().dataSync()[0]);
    const [mean, variance] = statistics(model.layers[0]);
    expect(mean).toBeCloseTo(expected.mean, 4);
    expect(variance).toBeCloseTo(expected.variance, 4);
    const [slowMean, slowVariance] = statistics(inner.layers[0]);
    expect(slowMean).toBeCloseTo(expected.slowMean, 5);
    expect(slowVariance).toBeCloseTo(1, 4);
    step.dispose();
    optimizer.dispose();
    model.dispose();
  });
});

test.each([
  ['mobilenet_toy', 0.9],
  ['mobilenet_v3_toy', 0.99],
  ['mnasnet0_5', 0.9997],
] as const)(
  'statistics of %s move by its own momentum to the bit in the end, from their first batch at once',
  (name, momentum) => {
    const model = createModel(name, { initialise: false });
    const statistics = new StatisticsWarmUp(model);
    expect(statistics.momenta).toEqual([momentum]);
    expect(statistics.shares(0)).toEqual([0.9]);
    expect(statistics.shares(40_000)).toEqual([1 - momentum]);
    model.dispose();
  },
);

test('statistics that are frozen stay, and the step that has no use for their share runs', async () => {
  await useBackend('auto');
  const model = smallModel({ momentum: 0.99 });
  const norm = model.getLayer('bn');
  norm.trainable = false;
  const statistics = (): number[][] => norm.weights.map((weight) => [...weight.read().dataSync()]);
  const before = statistics();
  await train(model, { train: images }, { ...SHORT, epochs: 1 });
  expect(statistics()).toEqual(before);
  model.dispose();
});

import * as tf from '@tensorflow/tfjs';

import { useBackend } from '../../src/backends/use-backend-node';
import { DropoutSeeds } from '../../src/train/dropout-seeds';
import { computeGradients } from '../../src/train/gradients';
import { MovingAverage } from '../../src/train/moving-average';
import { trainableParameters, weightVariables } from '../../src/train/weights';
import { smallModel } from './small-problem';

beforeAll(async () => {
  await useBackend('auto');
});

test('batch norm takes the batch into its moving statistics once a step, and no tensor is left', () => {
  const input = tf.input({ shape: [2] });
  const normed = tf.layers.batchNormalization({ name: 'bn', momentum: 0.9, epsilon: 1e-3 }).apply(input);
  const model = tf.model({ inputs: input, outputs: normed as tf.SymbolicTensor });
  const rows = [
    [1, -4],
    [3, 0],
    [8, 10],
  ];
  const images = tf.tensor2d(rows);
  const targets = tf.tensor2d([1, 0, 0, 1, 1, 0], [3, 2]);
  const before = tf.memory().numTensors;
  const { loss, logits, gradients } = computeGradients(model, trainableParameters(model), images, targets);
  expect(gradients.size).toBe(2);

  const column = (j: number): number[] => rows.map((row) => row[j]);
  const mean = (list: number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;
  const variance = (list: number[]): number => mean(list.map((x) => (x - mean(list)) ** 2));
  const weights = weightVariables(model);
  const movingMean = [...(weights.get('bn/moving_mean') as tf.Variable).dataSync()];
  const movingVariance = [...(weights.get('bn/moving_variance') as tf.Variable).dataSync()];
  const out = logits.arraySync();
  for (const j of [0, 1]) {
    expect(movingMean[j]).toBeCloseTo(0.1 * mean(column(j)), 5);
    // TensorFlow's fused batch norm may correct the variance for the size of the batch; the stock layer does not.
    expect(movingVariance[j]).toBeCloseTo(0.9 + 0.1 * variance(column(j)), 4);
    rows.forEach((row, i) =>
      expect(out[i][j]).toBeCloseTo((row[j] - mean(column(j))) / Math.sqrt(variance(column(j)) + 1e-3), 4),
    );
  }
  // Loss and the gradient of beta: the mean over the batch of softmax minus target.
  const softmax = out.map((row) =>
    row.map((z) => Math.exp(z) / row.reduce((sum, y) => sum + Math.exp(y), 0)),
  );
  const wanted = targets.arraySync();
  const expectedLoss = mean(
    softmax.map((row, i) => -row.reduce((sum, p, j) => sum + wanted[i][j] * Math.log(p), 0)),
  );
  expect(loss.dataSync()[0]).toBeCloseTo(expectedLoss, 5);
  const beta = [...(gradients.get('bn/beta') as tf.Tensor).dataSync()];
  beta.forEach((g, j) => expect(g).toBeCloseTo(mean(softmax.map((row, i) => row[j] - wanted[i][j])), 5));

  tf.dispose([loss, logits, ...gradients.values()]);
  expect(tf.memory().numTensors).toBe(before);
  tf.dispose([images, targets]);
  model.dispose();
});

test('penalties that layers declare are part of the loss', () => {
  const layer = tf.layers.dense({
    units: 2,
    inputShape: [2],
    name: 'fc',
    kernelInitializer: 'ones',
    kernelRegularizer: tf.regularizers.l2({ l2: 0.5 }),
  });
  const model = tf.sequential({ layers: [layer] });
  const [loss, kernel] = tf.tidy(() => {
    const result = computeGradients(
      model,
      trainableParameters(model),
      tf.zeros([1, 2]),
      tf.tensor2d([[1, 0]]),
    );
    return [result.loss.dataSync()[0], [...(result.gradients.get('fc/kernel') as tf.Tensor).dataSync()]];
  });
  // log 2 for two equal logits, and half the sum of four squares of 1.
  expect(loss).toBeCloseTo(Math.LN2 + 2, 5);
  expect(kernel).toEqual([1, 1, 1, 1]);
  model.dispose();
});

test('weight decay is for kernels, not for biases and batch norm', () => {
  const model = smallModel();
  const decayed = Object.fromEntries(trainableParameters(model).map(({ name, decayed: d }) => [name, d]));
  expect(decayed).toEqual({
    'conv/kernel': true,
    'conv/bias': false,
    'bn/gamma': false,
    'bn/beta': false,
    'fc/kernel': true,
    'fc/bias': false,
  });
  model.dispose();
});

test('names of weights do not depend on how many models there were before', () => {
  const [first, second] = [smallModel(), smallModel()];
  expect([...weightVariables(second).keys()]).toEqual([...weightVariables(first).keys()]);
  expect([...weightVariables(second).keys()]).toContain('bn/moving_variance');
  first.dispose();
  second.dispose();
});

test('dropout draws another mask each step and each layer, the same for the same step, and keeps its config', () => {
  const model = tf.sequential({
    layers: [
      tf.layers.dropout({ rate: 0.5, inputShape: [400], seed: 11, name: 'outer' }),
      tf.sequential({ layers: [tf.layers.dropout({ rate: 0.5, inputShape: [400], name: 'inner' })] }),
    ],
  });
  const seeds = new DropoutSeeds(model);
  const mask = (seed: number, step: number): number[] => {
    seeds.set(seed, step);
    return tf.tidy(() => [...(model.apply(tf.ones([1, 400]), { training: true }) as tf.Tensor).dataSync()]);
  };
  const first = mask(1, 0);
  // Each layer keeps half of what it gets and doubles it; one mask used twice would keep half in all.
  const kept = first.filter((x) => x > 0);
  expect(new Set(kept)).toEqual(new Set([4]));
  expect(kept.length).toBeGreaterThan(60);
  expect(kept.length).toBeLessThan(140);
  expect(mask(1, 1)).not.toEqual(first);
  expect(mask(2, 0)).not.toEqual(first);
  expect(mask(1, 0)).toEqual(first);
  seeds.restore();
  expect(model.layers[0].getConfig().seed).toBe(11);
});

test('the moving average starts fast, covers what it is given, and lends its values', async () => {
  const weight = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
  const average = new MovingAverage(new Map([['w', weight]]), 0.5);
  const expected = [1, 2];
  for (let step = 0; step < 20; step++) {
    tf.tidy(() => weight.assign(tf.tensor1d([step, -step])));
    tf.tidy(() => average.update(tf.scalar(average.share(step))));
    const decay = Math.min(0.5, (1 + step) / (10 + step));
    [step, -step].forEach((w, i) => (expected[i] = decay * expected[i] + (1 - decay) * w));
    const held = average.state().get('w')?.data ?? [];
    expected.forEach((value, i) => expect(held[i]).toBeCloseTo(value, 4));
  }
  const held = average.state().get('w')?.data ?? [];
  const lent = await average.during(() => Promise.resolve([...weight.dataSync()]));
  expect(lent).toEqual([...held]);
  expect([...weight.dataSync()]).toEqual([19, -19]);
  await expect(average.during(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
  expect([...weight.dataSync()]).toEqual([19, -19]);
  average.dispose();
  weight.dispose();
});

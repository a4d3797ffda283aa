import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { adamWUpdate } from '../../src/ops/adamw-update';
import { hasOwnUpdates, runOwnUpdate } from '../../src/ops/own-kernels';
import { sgdUpdate } from '../../src/ops/sgd-update';
import { sharedScalars } from '../../src/ops/untaped';
import { HAS_OWN_KERNELS } from '../support/backends';

// The definitions in plain numbers, in double precision; test/train/optimizers.test.ts holds them against PyTorch.
type Numbers = ArrayLike<number>;
const SGD = { momentum: 0.9, decay: 0.05 };
const ADAMW = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8 };
const RATE = 0.125;
const ROOT_CORRECTION = 0.75;
const SHRINK = 0.96875;

function sgdByDefinition(w: number, g: number, v: number): number[] {
  const pull = g + SGD.decay * w;
  const velocity = SGD.momentum * v + pull;
  return [w - RATE * (pull + SGD.momentum * velocity), velocity];
}

function adamWByDefinition(w: number, g: number, m: number, s: number): number[] {
  const mean = m + (1 - ADAMW.beta1) * (g - m);
  const square = ADAMW.beta2 * s + (1 - ADAMW.beta2) * g * g;
  const scale = Math.sqrt(square) / ROOT_CORRECTION + ADAMW.epsilon;
  return [SHRINK * w - (RATE * mean) / scale, mean, square];
}

// One value; less than a vector; a vector and some; a job and some; enough to be written past the cache.
const SHAPES = [[], [0], [7], [5, 5], [3, 3, 32, 117], [3, 3, 128, 130]];

const random = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);

function expectEach(results: readonly tf.Tensor[], expected: (i: number) => number[]): void {
  for (const [k, result] of results.entries()) {
    const values: Numbers = result.dataSync();
    let worst = 0;
    for (let i = 0; i < values.length; i++) {
      const value = expected(i)[k];
      worst = Math.max(worst, Math.abs(values[i] - value) / Math.max(1, Math.abs(value)));
    }
    expect(worst).toBeLessThan(2e-6);
  }
}

describe.each(HAS_OWN_KERNELS ? (['cpu', 'tensorflow'] as const) : (['cpu'] as const))('on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  test('takes its kernel where there is one', () => {
    tf.tidy(() => expect(hasOwnUpdates(tf.zeros([2]))).toBe(backend === 'tensorflow'));
    tf.tidy(() => expect(hasOwnUpdates(tf.zeros([2], 'int32'))).toBe(false));
  });

  test.each(SHAPES.map((shape) => [`[${shape}]`, shape] as const))('SGD of weights %s', (_, shape) => {
    tf.tidy(() => {
      const [weights, gradient, velocity] = [1, 2, 3].map((seed) => random([...shape], seed));
      const results = sgdUpdate({ weights, gradient, velocity, rate: tf.scalar(RATE) }, SGD, sharedScalars());
      expect(results.map((result) => result.shape)).toEqual([shape, shape]);
      const [w, g, v] = [weights, gradient, velocity].map((tensor) => tensor.dataSync());
      expectEach(results, (i) => sgdByDefinition(w[i], g[i], v[i]));
    });
  });

  test('AdamW without decay leaves out what shrinks the weights', () => {
    tf.tidy(() => {
      const [weights, gradient, mean] = [1, 2, 3].map((seed) => random([40], seed));
      const meanSquare = tf.square(random([40], 4));
      const [rate, rootCorrection, one] = [RATE, ROOT_CORRECTION, 1].map((value) => tf.scalar(value));
      const tensors = { weights, gradient, mean, meanSquare, rate, rootCorrection };
      const without = adamWUpdate(tensors, ADAMW, sharedScalars());
      const byOne = adamWUpdate({ ...tensors, shrink: one }, ADAMW, sharedScalars());
      without.forEach((tensor, i) => expect([...tensor.dataSync()]).toEqual([...byOne[i].dataSync()]));
    });
  });

  test.each(SHAPES.map((shape) => [`[${shape}]`, shape] as const))('AdamW of weights %s', (_, shape) => {
    tf.tidy(() => {
      const [weights, gradient, mean] = [1, 2, 3].map((seed) => random([...shape], seed));
      const meanSquare = tf.square(random([...shape], 4));
      const [rate, rootCorrection, shrink] = [RATE, ROOT_CORRECTION, SHRINK].map((value) => tf.scalar(value));
      const tensors = { weights, gradient, mean, meanSquare, rate, rootCorrection, shrink };
      const results = adamWUpdate(tensors, ADAMW, sharedScalars());
      expect(results.map((result) => result.shape)).toEqual([shape, shape, shape]);
      const [w, g, m, s] = [weights, gradient, mean, meanSquare].map((tensor) => tensor.dataSync());
      expectEach(results, (i) => adamWByDefinition(w[i], g[i], m[i], s[i]));
    });
  });
});

(HAS_OWN_KERNELS ? test : test.skip)('our kernel refuses tensors that do not go together', async () => {
  await useBackend('tensorflow');
  tf.tidy(() => {
    const [weights, rate] = [tf.ones([4]), tf.scalar(1)];
    const run = (gradient: tf.Tensor, velocity: tf.Tensor, setting: tf.Tensor) =>
      runOwnUpdate('CardinalSgdUpdate', weights, gradient, [velocity], [setting], SGD);
    expect(() => run(tf.ones([3]), weights, rate)).toThrow('slots of the shape of the weights');
    expect(() => run(weights, tf.ones([2, 2]), rate)).toThrow('slots of the shape of the weights');
    expect(() => run(weights, weights, tf.ones([2]))).toThrow('settings of one number');
  });
});

import * as tf from '@tensorflow/tfjs';

import { useBackend } from '../../src/backends/use-backend-node';
import { countCorrect, crossEntropySum, predictedClasses } from '../../src/train/classification';
import { softmaxCrossEntropy } from '../../src/train/gradients';
import { betaSample, mixRows, mixupShare } from '../../src/train/mixup';
import { softTargets } from '../../src/train/targets';

beforeAll(async () => {
  await useBackend('auto');
});

const LOGITS = Float32Array.of(1, 2, -1, 0.5, 0, 3);
const LABELS = Int32Array.of(1, 0);

test('the loss is that of PyTorch 2.15, with and without label smoothing', () => {
  const loss = (smoothing: number): number =>
    tf.tidy(() => {
      const targets = tf.tensor2d(softTargets(LABELS, 3, smoothing), [2, 3]);
      return softmaxCrossEntropy(tf.tensor2d(LOGITS, [2, 3]), targets).dataSync()[0];
    });
  expect(loss(0)).toBeCloseTo(1.4864425659179688, 6);
  expect(loss(0.1)).toBeCloseTo(1.5197758674621582, 6);
  expect(crossEntropySum(LOGITS, LABELS, 3)).toBeCloseTo(2.9728851318359375, 6);
});

test('cross-entropy of logits in the thousands stays finite', () => {
  expect(crossEntropySum(Float32Array.of(4000, 0, -4000), Int32Array.of(1), 3)).toBeCloseTo(4000, 6);
});

test('the first of the highest logits is the prediction', () => {
  const predicted = predictedClasses(Float32Array.of(1, 3, 3, -2, -1, -3), 3);
  expect([...predicted]).toEqual([1, 1]);
  expect(countCorrect(predicted, Int32Array.of(1, 0))).toBe(1);
});

test('mixup pairs the ends of a batch, with the same share for images and targets', () => {
  expect([...mixRows(Float32Array.of(0, 0, 4, 8, 8, 16), 3, 0.75)]).toEqual([2, 4, 4, 8, 6, 12]);
});

test.each([0.2, 1, 3])('mixup shares follow Beta(%d, %d), a function of seed and step', (alpha) => {
  const shares = Array.from({ length: 20_000 }, (_, step) => mixupShare(alpha, 5, step));
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
  // Beta(a, a) has mean 1/2 and variance 1 / (4 (2a + 1)).
  expect(mean).toBeCloseTo(0.5, 1.7);
  expect(variance * 4 * (2 * alpha + 1)).toBeCloseTo(1, 1.2);
  expect(mixupShare(alpha, 5, 123)).toBe(shares[123]);
  expect(mixupShare(alpha, 6, 123)).not.toBe(shares[123]);
});

test('a tiny alpha gives one image or the other, never NaN', () => {
  let state = 1;
  const uniform = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  for (let i = 0; i < 200; i++) {
    const share = betaSample(0.001, uniform);
    expect(Math.min(share, 1 - share)).toBeGreaterThanOrEqual(0);
  }
});

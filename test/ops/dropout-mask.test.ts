import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { hasStepSeed, stepMask, withStepSeed } from '../../src/ops/dropout-mask';
import { HAS_NATIVE } from '../support/backends';

// libtensorflow draws them: elsewhere layers draw by themselves.
const describeNative = HAS_NATIVE ? describe : describe.skip;

describeNative('masks of a step', () => {
  beforeAll(async () => {
    await useBackend('tensorflow');
  });

  function mask(seed: [number, number], keep: number, stream: number, shape = [200, 50]): number[] {
    return tf.tidy(() => {
      const tensor = tf.tensor1d(seed, 'int32');
      return [...withStepSeed(tensor, () => stepMask(shape, keep, stream)).dataSync()];
    });
  }

  test.each([0.1, 0.5, 0.9])('keep a share of %f, and make up for the rest', (keep) => {
    const before = tf.memory().numTensors;
    const drawn = mask([7, 9], keep, 1);
    expect(tf.memory().numTensors).toBe(before);
    const kept = drawn.filter((value) => value !== 0);
    for (const value of kept) expect(value).toBeCloseTo(1 / keep, 5);
    // Five standard deviations of a binomial share.
    expect(Math.abs(kept.length / drawn.length - keep)).toBeLessThan(
      5 * Math.sqrt((keep * (1 - keep)) / 1e4),
    );
  });

  test('follow from the seed and the stream alone, and are unlike for any other', () => {
    const first = mask([7, 9], 0.5, 1);
    expect(mask([7, 9], 0.5, 1)).toEqual(first);
    for (const other of [mask([8, 9], 0.5, 3), mask([7, 10], 0.5, 1), mask([7, 9], 0.5, 2)]) {
      const same = other.filter((value, i) => value === first[i]).length / first.length;
      expect(Math.abs(same - 0.5)).toBeLessThan(0.05);
    }
  });

  test('there are none outside a step', () => {
    expect(hasStepSeed()).toBe(false);
    expect(() => stepMask([2], 0.5, 1)).toThrow('no seed of a step');
    const seed = tf.tensor1d([1, 2], 'int32');
    expect(withStepSeed(seed, hasStepSeed)).toBe(true);
    expect(withStepSeed(seed, () => withStepSeed(undefined, hasStepSeed))).toBe(false);
    expect(() =>
      withStepSeed(seed, () => {
        throw new Error('in the midst');
      }),
    ).toThrow('in the midst');
    expect(hasStepSeed()).toBe(false);
    seed.dispose();
  });
});

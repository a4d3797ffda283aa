import * as tf from '@tensorflow/tfjs';

import { seededRandom } from '../data/random';

/**
 * Seeded noise from -2 to 2, about where normalised pixels lie: input for a model when only speed or sameness counts.
 *
 * @param shape of the batch, `[count, height, width, channels]`
 *
 * @example
 * const images = noiseImages([8, 32, 32, 3], 1);
 */
export function noiseImages(shape: readonly number[], seed: number): tf.Tensor {
  const random = seededRandom(seed);
  const length = shape.reduce((product, n) => product * n, 1);
  const values = Float32Array.from({ length }, () => random.below(2 ** 20) / 2 ** 18 - 2);
  return tf.tensor(values, [...shape]);
}

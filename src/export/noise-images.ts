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

// What a size that a model leaves open is probed with.
const OPEN_LENGTH = 32;

/**
 * A batch of {@link noiseImages} for each input of a model, the caller's to dispose.
 *
 * @param shapes of the inputs, the batch first
 */
export function probeInputs(shapes: readonly tf.Shape[], count: number, seed: number): tf.Tensor[] {
  return shapes.map((shape, i) =>
    noiseImages([count, ...shape.slice(1).map((length) => length ?? OPEN_LENGTH)], seed + i),
  );
}

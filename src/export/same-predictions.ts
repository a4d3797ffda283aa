import * as tf from '@tensorflow/tfjs';

import { probeInputs } from './noise-images';
import { predictOf } from './prediction-difference';

/**
 * Whether two models of the same inputs predict the same bits for the same seeded images.
 *
 * @param count images in the batch
 *
 * @example
 * await samePredictions(model, await loadLayersModel('exports/toy'), { count: 8, seed: 1 });
 */
export async function samePredictions(
  first: tf.LayersModel,
  second: tf.LayersModel,
  { count, seed }: { count: number; seed: number },
): Promise<boolean> {
  const inputs = probeInputs(
    first.inputs.map(({ shape }) => shape),
    count,
    seed,
  );
  try {
    const [one, other] = [await predictOf(first)(inputs), await predictOf(second)(inputs)];
    return one.length === other.length && one.every((values, i) => equal(values, other[i]));
  } finally {
    tf.dispose(inputs);
  }
}

// Compared as bits, since NaN is unlike itself and 0 like -0.
function equal(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  const [bits, others] = [one, other].map((values) => new Uint32Array(Float32Array.from(values).buffer));
  return bits.length === others.length && bits.every((word, i) => word === others[i]);
}

import type * as tf from '@tensorflow/tfjs';

import { accelerate, isAccelerated, restore } from '../backends/accelerate';
import { check } from '../errors';

/** The weights that a training is moving. */
const moving = new Set<tf.Tensor>();
let trainings = 0;
let wasAccelerated = false;

/**
 * Runs a training under {@link accelerate}, and refuses a second one of the same weights meanwhile, which would make neither's
 * model of them. Trainings of different models may be under way at once.
 *
 * @throws InvalidArgumentError
 */
export async function whileTraining<T>(model: tf.LayersModel, work: () => Promise<T>): Promise<T> {
  const own = model.weights.map((weight) => weight.read());
  const isFree = !own.some((weight) => moving.has(weight));
  check(isFree, 'model', 'one that is not being trained already: await that training first', model.name);
  if (trainings++ === 0) {
    wasAccelerated = isAccelerated();
    accelerate();
  }
  for (const weight of own) moving.add(weight);
  try {
    return await work();
  } finally {
    for (const weight of own) moving.delete(weight);
    if (--trainings === 0 && !wasAccelerated) restore();
  }
}

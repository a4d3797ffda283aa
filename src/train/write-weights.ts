import * as tf from '@tensorflow/tfjs';

import { CardinalError } from '../errors';
import type { NamedArrays } from './train-state';
import { mismatch, weightVariables } from './weights';

/**
 * Gives variables the values of arrays of the same names and shapes; all of them or, on an error, none.
 *
 * @throws CardinalError naming the first array that is missing, surplus or of another shape
 */
export function writeArrays(variables: ReadonlyMap<string, tf.Variable>, arrays: NamedArrays): void {
  const problem = mismatch(variables, arrays);
  if (problem !== undefined) throw new CardinalError(`the weights do not fit the model: ${problem}`);
  tf.tidy(() => {
    for (const [name, { shape, data }] of arrays) {
      // A copy, since a backend may keep the array that it is given.
      variables.get(name)?.assign(tf.tensor(data.slice(), shape.slice(), 'float32'));
    }
  });
}

/**
 * Sets all weights of a model, batch-norm statistics included, by weight name.
 *
 * @throws CardinalError unless `arrays` has exactly the model's names and shapes
 *
 * @example
 * const state = await readCheckpoint('runs/toy', 'best');
 * writeWeights(model, state.ema ?? state.weights);
 */
export function writeWeights(model: tf.LayersModel, arrays: NamedArrays): void {
  writeArrays(weightVariables(model), arrays);
}

import type * as tf from '@tensorflow/tfjs';

/**
 * Sets a weight to a value that was saved, as it was. `write` of a weight projects by its constraint, which is for steps of
 * training: projecting twice is not the same as once, by rounding, and Keras saves what no step has projected too.
 */
export function setWeight(weight: tf.LayerVariable, value: tf.Tensor): void {
  (weight.read() as tf.Variable).assign(value);
}

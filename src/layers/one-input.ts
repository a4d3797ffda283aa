import type * as tf from '@tensorflow/tfjs';

/** The tensor that a layer of one input is called with, which tfjs hands over bare or as a list of one. */
export function oneInput<T extends tf.Tensor = tf.Tensor>(inputs: tf.Tensor | tf.Tensor[]): T {
  return (Array.isArray(inputs) ? inputs[0] : inputs) as T;
}

/** The shape that a layer of one input is built with. */
export function oneShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
  return (Array.isArray(shape[0]) ? shape[0] : shape) as tf.Shape;
}

import type * as tf from '@tensorflow/tfjs';
import { check } from '../errors';

/** The tensor that a layer of one input is called with, which tfjs hands over bare or as a list of one. */
export function oneInput<T extends tf.Tensor = tf.Tensor>(inputs: tf.Tensor | tf.Tensor[]): T {
  return (Array.isArray(inputs) ? inputs[0] : inputs) as T;
}

/** The shape that a layer of one input is built with. */
export function oneShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
  return (Array.isArray(shape[0]) ? shape[0] : shape) as tf.Shape;
}

/**
 * The length of the last axis, without which a layer whose weights are by channel cannot be built.
 *
 * @throws InvalidArgumentError where it is unknown, or there is no axis besides the batch
 */
export function channelsOf(inputShape: tf.Shape | tf.Shape[], layerName: string): number {
  const shape = oneShape(inputShape);
  const channels = shape.length > 1 ? shape[shape.length - 1] : null;
  check(channels != null, 'inputShape', `a known number of channels for layer ${layerName}`, shape);
  return channels;
}

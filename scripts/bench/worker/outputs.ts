import type * as tf from '@tensorflow/tfjs';
import type { Output } from './works';

/** A tensor's values, off the backend; disposes the tensor. */
export function outputOf(tensor: tf.Tensor): Output {
  const output = { shape: tensor.shape.slice(), data: Float32Array.from(tensor.dataSync()) };
  tensor.dispose();
  return output;
}

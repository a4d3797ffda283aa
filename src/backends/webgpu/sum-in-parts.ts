import * as tf from '@tensorflow/tfjs';
import type { Mend } from '../mend';

/** Tensors that one program may read: WebGPU promises 8 storage buffers, one of which is the output. */
const MOST = 7;

/**
 * Sums many tensors a few at a time. tfjs's webgpu kernel binds all of them to one program, and where they are more than
 * the device has places for, the program is invalid: the console says so, and the result is what was in its memory.
 */
export const sumInParts: Mend = (_, stock) => (call) => {
  const tensors = Object.values(call.inputs) as tf.Tensor[];
  if (tensors.length <= MOST) return stock(call);
  return tf.tidy(() => {
    let sums = tensors;
    while (sums.length > 1) {
      const parts = Math.ceil(sums.length / MOST);
      sums = Array.from({ length: parts }, (_, part) => sum(sums.slice(part * MOST, (part + 1) * MOST)));
    }
    return sums[0];
  });
};

function sum(tensors: tf.Tensor[]): tf.Tensor {
  return tensors.length === 1 ? tensors[0] : tf.addN(tensors);
}

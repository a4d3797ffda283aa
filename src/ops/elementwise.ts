import * as tf from '@tensorflow/tfjs';
import { checkTensor } from '../check-kinds';
import { gradientDepth } from './native-gradient';

// An activation that tfjs composes is differentiated piece by piece, and each piece keeps its input until then. Here the
// derivative is computed by its formula along with the value, while everything that it needs is at hand: one tensor is
// kept, and the backward pass is one multiplication.

/** A function of each element by itself, with its derivative. */
export interface Elementwise {
  /** By operations that leave nothing on the tape: the value, and the derivative where it is wanted. */
  compute(x: tf.Tensor, wantsDerivative: boolean): { y: tf.Tensor; derivative?: tf.Tensor };
  /** The derivative by operations on the tape, which can be differentiated in turn. */
  derivative(x: tf.Tensor): tf.Tensor;
}

/**
 * Applies a function to each element of `input`, as float32.
 *
 * A derivative that is computed ahead is a constant to the tape. Where a gradient is recorded within another, which shows
 * in the depth of tapes, it is therefore computed from the input in the backward pass, on the tape.
 */
export function elementwise<T extends tf.Tensor>(input: T, { compute, derivative }: Elementwise): T {
  checkTensor('x', input);
  return tf.tidy(() => {
    const x: tf.Tensor = input.dtype === 'float32' ? input : tf.cast(input, 'float32');
    const depth = gradientDepth();
    if (depth === 0) return compute(x, false).y as T;
    const ahead = depth === 1;
    return tf.customGrad((x, save) => {
      const made = compute(x as tf.Tensor, ahead);
      (save as (tensors: tf.Tensor[]) => void)([ahead ? (made.derivative as tf.Tensor) : (x as tf.Tensor)]);
      const gradFunc = (dy: tf.Tensor | tf.Tensor[], [kept]: tf.Tensor[]) =>
        tf.tidy(() => tf.mul(dy as tf.Tensor, ahead ? kept : derivative(kept)));
      return { value: made.y, gradFunc };
    })(x) as T;
  });
}

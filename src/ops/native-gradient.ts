import * as tf from '@tensorflow/tfjs';
import { runTensorflow, TENSORFLOW } from './libtensorflow';

/**
 * How many gradients are being recorded, one within another: 0 where nothing is differentiated, 1 in the pass that a first
 * gradient is taken of.
 */
export function gradientDepth(): number {
  return (tf.engine() as unknown as { state: { gradientDepth: number } }).state.gradientDepth;
}

/**
 * Whether the gradient that is now computed will be differentiated in turn. Then it must be made of operations on the
 * tape: a native call would leave none, and a second derivative would miss its share without a word.
 */
export function isDifferentiated(): boolean {
  return gradientDepth() > 0;
}

/** Whether a gradient may be one call of libtensorflow: on its backend, and not itself differentiated. */
export function mayCallNative(): boolean {
  return tf.getBackend() === TENSORFLOW && !isDifferentiated();
}

/** The gradient of `y = relu(x)`, from `y` alone, so that `x` need not be kept: `dy` where `y` is above 0. */
export function reluGradient(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  if (mayCallNative()) return runTensorflow('ReluGrad', [dy, y], {})[0];
  return tf.mul(dy, tf.step(y));
}

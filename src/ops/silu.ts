import * as tf from '@tensorflow/tfjs';
import { elementwise, type Elementwise } from './elementwise';
import { add, mul, untaped } from './untaped';

const sigmoid = untaped('Sigmoid', tf.sigmoid);
/** `y · (1 - y) · dy`, for the `y` that a sigmoid put out. */
const sigmoidGradient = untaped('SigmoidGrad', (y: tf.Tensor, dy: tf.Tensor) =>
  tf.mul(dy, tf.mul(y, tf.sub(1, y))),
);

const SILU: Elementwise = {
  compute: (x, wantsDerivative) => {
    const gate = sigmoid(x);
    const y = mul(x, gate);
    return wantsDerivative ? { y, derivative: add(gate, sigmoidGradient(gate, x)) } : { y };
  },
  derivative: (x) => {
    const gate = tf.sigmoid(x);
    return tf.mul(gate, tf.add(1, tf.mul(x, tf.sub(1, gate))));
  },
};

/**
 * SiLU or swish, `x · sigmoid(x)`, element by element at any shape.
 *
 * Source: Elfwing et al., "Sigmoid-weighted linear units", arXiv:1702.03118.
 *
 * @param x any shape; computed as float32
 *
 * @example
 * silu(tf.tensor1d([-1, 0, 1])); // [-0.2689, 0, 0.7311]
 */
export function silu<T extends tf.Tensor>(x: T): T {
  return elementwise(x, SILU);
}

import * as tf from '@tensorflow/tfjs';
import { elementwise, type Elementwise } from './elementwise';
import { add, mul, square, sub, untaped } from './untaped';

const erf = untaped('Erf', tf.erf);
const exp = untaped('Exp', tf.exp);

/** The normal distribution's density is `exp(LOG_DENSITY_AT_0 - x² / 2)`. */
const LOG_DENSITY_AT_0 = -0.5 * Math.log(2 * Math.PI);

const GELU: Elementwise = {
  compute: (x, wantsDerivative) => {
    const scaled = mul(x, tf.scalar(Math.SQRT1_2)); // its square is x² / 2
    const share = mul(add(erf(scaled), tf.scalar(1)), tf.scalar(0.5)); // of the distribution, below x
    const y = mul(x, share);
    if (!wantsDerivative) return { y };
    const density = exp(sub(tf.scalar(LOG_DENSITY_AT_0), square(scaled)));
    return { y, derivative: add(share, mul(x, density)) };
  },
  derivative: (x) => {
    const share = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
    const density = tf.exp(tf.sub(LOG_DENSITY_AT_0, tf.mul(tf.square(x), 0.5)));
    return tf.add(share, tf.mul(x, density));
  },
};

/**
 * GELU, `x` times the normal distribution's share below `x`, element by element at any shape. It is the exact form, by the
 * error function, as PyTorch's and Keras's defaults are.
 *
 * Source: Hendrycks and Gimpel, "Gaussian error linear units", arXiv:1606.08415.
 *
 * @param x any shape; computed as float32
 *
 * @example
 * gelu(tf.tensor1d([-1, 0, 1])); // [-0.1587, 0, 0.8413]
 */
export function gelu<T extends tf.Tensor>(x: T): T {
  return elementwise(x, GELU);
}

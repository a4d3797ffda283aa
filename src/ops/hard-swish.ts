import * as tf from '@tensorflow/tfjs';
import { elementwise, type Elementwise } from './elementwise';
import { add, mul, untaped } from './untaped';

const relu6 = untaped('Relu6', tf.relu6);
/** `x` where `y = relu6(…)` is between its bounds, else 0: the choice that TensorFlow and PyTorch make at the bounds. */
const whereBetween = untaped('Relu6Grad', (x: tf.Tensor, y: tf.Tensor) =>
  tf.mul(x, tf.cast(tf.logicalAnd(tf.greater(y, 0), tf.less(y, 6)), 'float32')),
);

/** The same on the tape: 1 where the ramp rises, else 0. Of steps, as tfjs cannot differentiate comparisons. */
const rises = (x: tf.Tensor) => tf.mul(tf.step(tf.add(x, 3)), tf.step(tf.sub(3, x)));

const HARD_SIGMOID: Elementwise = {
  compute: (x, wantsDerivative) => {
    const ramp = relu6(add(x, tf.scalar(3)));
    const y = mul(ramp, tf.scalar(1 / 6));
    return wantsDerivative ? { y, derivative: whereBetween(tf.fill(x.shape, 1 / 6), ramp) } : { y };
  },
  derivative: (x) => tf.mul(rises(x), 1 / 6),
};

const HARD_SWISH: Elementwise = {
  compute: (x, wantsDerivative) => {
    const sixth = tf.scalar(1 / 6);
    const ramp = relu6(add(x, tf.scalar(3)));
    const gate = mul(ramp, sixth);
    const y = mul(x, gate);
    // (x · gate)' = gate + x · gate', and gate' is 1/6 on the ramp.
    return wantsDerivative ? { y, derivative: add(gate, mul(whereBetween(x, ramp), sixth)) } : { y };
  },
  derivative: (x) => tf.add(hardSigmoid(x), tf.mul(tf.mul(x, 1 / 6), rises(x))),
};

/**
 * Hard sigmoid, `relu6(x + 3) / 6`, element by element at any shape: PyTorch's and Keras 3's. tfjs's activation of that
 * name is another, `0.2 x + 0.5` cut to 0 and 1.
 *
 * @param x any shape; computed as float32
 *
 * @example
 * hardSigmoid(tf.tensor1d([-4, -1.5, 0, 3])); // [0, 0.25, 0.5, 1]
 */
export function hardSigmoid<T extends tf.Tensor>(x: T): T {
  return elementwise(x, HARD_SIGMOID);
}

/**
 * Hard swish, `x · relu6(x + 3) / 6`, element by element at any shape.
 *
 * At -3 and 3, where it has a kink, the derivative is 0 and 1, as PyTorch's is.
 *
 * Source: Howard et al., "Searching for MobileNetV3", arXiv:1905.02244.
 *
 * @param x any shape; computed as float32
 *
 * @example
 * hardSwish(tf.tensor1d([-4, -1.5, 0, 3])); // [0, -0.375, 0, 3]
 */
export function hardSwish<T extends tf.Tensor>(x: T): T {
  return elementwise(x, HARD_SWISH);
}

import * as tf from '@tensorflow/tfjs';
import { check } from '../errors';
import { gradientDepth } from './native-gradient';

/**
 * Layer norm over the last axis: at each position the channels less their mean, over their deviation, times `gamma`, plus
 * `beta`. Ba et al., arXiv:1607.06450.
 *
 * Its gradient is the closed form, in eight passes over the activations; tfjs's layer repeats mean and variance for each
 * channel and differentiates all of it piece by piece.
 *
 * @param x `[..., channels]`, float32
 * @param gamma `[channels]`
 * @param beta `[channels]`
 * @param epsilon added to the variance before its root is taken
 * @throws InvalidArgumentError where shapes do not fit or epsilon is negative
 *
 * @example
 * layerNorm(tf.tensor2d([[1, 3]]), tf.ones([2]), tf.zeros([2]), 0); // [[-1, 1]]
 */
export function layerNorm<T extends tf.Tensor>(x: T, gamma: tf.Tensor, beta: tf.Tensor, epsilon = 1e-3): T {
  check(x.rank >= 1, 'x', 'a tensor of rank 1 at least', x.shape);
  const channels = x.shape[x.rank - 1];
  for (const [name, tensor] of Object.entries({ gamma, beta })) {
    check(tensor.rank === 1 && tensor.size === channels, name, `the shape [${channels}]`, tensor.shape);
  }
  check(Number.isFinite(epsilon) && epsilon >= 0, 'epsilon', 'a number of at least 0', epsilon);
  return tf.tidy(() => tf.add(tf.mul(normalised(x, epsilon), gamma), beta) as T);
}

/** `(x - mean) / deviation` over the last axis. */
function normalised(x: tf.Tensor, epsilon: number): tf.Tensor {
  // Kept from the forward pass, these would be constants to a gradient of the gradient, which computes them anew.
  const ahead = gradientDepth() === 1;
  return tf.customGrad((input, save) => {
    const made = statistics(input as tf.Tensor, epsilon);
    (save as (tensors: tf.Tensor[]) => void)(ahead ? [made.normal, made.inverse] : [input as tf.Tensor]);
    const gradFunc = (dy: tf.Tensor | tf.Tensor[], kept: tf.Tensor[]) =>
      tf.tidy(() => {
        const { normal, inverse } = ahead
          ? { normal: kept[0], inverse: kept[1] }
          : statistics(kept[0], epsilon);
        const given = dy as tf.Tensor;
        const along = tf.mul(normal, tf.mean(tf.mul(given, normal), -1, true));
        return tf.mul(inverse, tf.sub(tf.sub(given, tf.mean(given, -1, true)), along));
      });
    return { value: made.normal, gradFunc };
  })(x);
}

function statistics(x: tf.Tensor, epsilon: number): { normal: tf.Tensor; inverse: tf.Tensor } {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
  return { normal: tf.mul(centred, inverse), inverse };
}

import * as tf from '@tensorflow/tfjs';
import { check } from '../errors';
import { elementType, runTensorflow, TENSORFLOW } from './libtensorflow';

/**
 * Interleaves the channels of groups: output channel `c · groups + g` is channel `c` of group `g`. With
 * `channels / groups` groups it is undone, which is its gradient too.
 *
 * Source: Zhang et al., "ShuffleNet", arXiv:1707.01083.
 *
 * @param x `[..., channels]`, float32
 * @param groups a divisor of the channels
 * @throws InvalidArgumentError where it does not divide them
 *
 * @example
 * channelShuffle(tf.tensor2d([[0, 1, 2, 3, 4, 5]]), 2); // [[0, 3, 1, 4, 2, 5]]
 */
export function channelShuffle<T extends tf.Tensor>(x: T, groups: number): T {
  const channels = x.shape[x.rank - 1];
  check(x.rank >= 1 && Number.isSafeInteger(groups) && groups >= 1 && channels % groups === 0, 'groups', `a divisor of the ${channels} input channels`, groups); // prettier-ignore
  return tf.customGrad((x) => ({
    value: interleave(x as T, groups),
    // An op again, so that a second derivative is as good as the first.
    gradFunc: (dy: tf.Tensor | tf.Tensor[]) => channelShuffle(dy as tf.Tensor, channels / groups),
  }))(x) as T;
}

function interleave<T extends tf.Tensor>(x: T, groups: number): T {
  if (x.size === 0) return tf.clone(x);
  const channels = x.shape[x.rank - 1];
  if (groups === 2 && x.dtype === 'float32' && tf.getBackend() === TENSORFLOW) return interleaveHalves(x);
  // Pixels in one axis: backends transpose few axes faster than many.
  return x
    .reshape([-1, groups, channels / groups])
    .transpose([0, 2, 1])
    .reshape(x.shape) as T;
}

/**
 * Two groups as the real and imaginary parts of complex numbers, which lie interleaved in memory: half the time that
 * libtensorflow takes to transpose into pairs.
 */
function interleaveHalves<T extends tf.Tensor>(x: T): T {
  return tf.tidy(() => {
    const [real, imaginary] = tf.split(x as tf.Tensor, 2, -1);
    const pairs = tf.complex(real, imaginary);
    // TensorFlow infers the type that it casts from.
    const attributes = { T: null, type: elementType('float32') };
    return tf.reshape(runTensorflow('Bitcast', [pairs], attributes)[0], x.shape) as T;
  });
}

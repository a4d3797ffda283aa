import * as tf from '@tensorflow/tfjs';
import { hardSwish } from '../ops/hard-swish';
import { silu } from '../ops/silu';
import type { ElementFunction } from './graph';

/** A graph's function of each element, by tfjs's operations. */
export function applyFunction(which: ElementFunction, x: tf.Tensor): tf.Tensor {
  switch (which.name) {
    case 'relu':
      return tf.relu(x);
    case 'relu6':
      return tf.relu6(x);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'tanh':
      return tf.tanh(x);
    case 'softplus':
      return tf.softplus(x);
    case 'gelu':
      return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
    case 'silu':
      return silu(x);
    case 'hardSwish':
      return hardSwish(x);
    case 'softmax':
      return tf.softmax(x);
    case 'leakyRelu':
      return tf.leakyRelu(x, which.alpha);
    case 'elu':
      return which.alpha === 1 ? tf.elu(x) : tf.where(tf.greater(x, 0), x, tf.mul(which.alpha, tf.expm1(x)));
    case 'hardSigmoid':
      return tf.clipByValue(tf.add(tf.mul(x, which.alpha), which.beta), 0, 1);
  }
}

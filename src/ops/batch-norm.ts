import * as tf from '@tensorflow/tfjs';
import { check, unknownChoice } from '../errors';
import { BATCH_NORM_RELU_TRAINING, BATCH_NORM_TRAINING } from './batch-norm-kernels';

/** Options of {@link batchNormTraining}. */
export interface BatchNormTrainingOptions {
  /** Added to the variance before its root is taken; 1e-3 by default, as in Keras. */
  epsilon?: number;
  /** `'relu'` computes it in the same pass over the activations; `'linear'` by default. */
  activation?: 'linear' | 'relu';
}

/** What {@link batchNormTraining} returns. */
export interface BatchNormTraining<T extends tf.Tensor = tf.Tensor> {
  /** In the shape of `x`. */
  readonly y: T;
  /** `[channels]` */
  readonly mean: tf.Tensor1D;
  /** `[channels]`, the biased one (divided by the number of values). */
  readonly variance: tf.Tensor1D;
}

/**
 * Batch norm of a training step: each channel of `x` less its mean, over its deviation in this batch, times `gamma`, plus
 * `beta`. Ioffe and Szegedy, arXiv:1502.03167.
 *
 * It is one kernel with a closed-form gradient, where `tf.moments` and `tf.batchNorm` are differentiated piece by piece.
 * Gradients reach `x`, `gamma` and `beta` through `y`; mean and variance are for running statistics, and what is computed
 * from them counts as constant.
 *
 * @param x `[..., channels]`, rank 2 to 4, float32
 * @param gamma `[channels]`
 * @param beta `[channels]`
 * @throws InvalidArgumentError where shapes do not fit or an option is out of range
 *
 * @example
 * const { y, mean, variance } = batchNormTraining(x, tf.ones([64]), tf.zeros([64]), { activation: 'relu' });
 */
export function batchNormTraining<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { epsilon = 1e-3, activation = 'linear' }: BatchNormTrainingOptions = {},
): BatchNormTraining<T> {
  check(x.rank >= 2 && x.rank <= 4, 'x', 'a tensor of rank 2 to 4', x.shape);
  check(x.size > 0, 'x', 'at least one value a channel', x.shape);
  const channels = x.shape[x.rank - 1];
  for (const [name, tensor] of Object.entries({ gamma, beta })) {
    check(tensor.rank === 1 && tensor.size === channels, name, `the shape [${channels}]`, tensor.shape);
  }
  check(Number.isFinite(epsilon) && epsilon >= 0, 'epsilon', 'a number of at least 0', epsilon);
  if (activation !== 'linear' && activation !== 'relu') {
    throw unknownChoice('activation', activation, ['linear', 'relu']);
  }
  const kernel = activation === 'relu' ? BATCH_NORM_RELU_TRAINING : BATCH_NORM_TRAINING;
  const x4D = x.rank === 4 ? x : x.reshape([-1, 1, 1, channels]);
  const inputs = { x: x4D as tf.Tensor, gamma, beta };
  const [y, mean, variance] = tf.engine().runKernel(kernel, inputs, { epsilon }) as tf.Tensor[];
  return {
    y: (x.rank === 4 ? y : y.reshape(x.shape)) as T,
    mean: mean as tf.Tensor1D,
    variance: variance as tf.Tensor1D,
  };
}

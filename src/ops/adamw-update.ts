import type * as tf from '@tensorflow/tfjs';
import { hasOwnUpdates, runOwnUpdate } from './own-kernels';
import { add, div, mul, sqrt, square, sub, type SharedScalars } from './untaped';

/** What a step of AdamW moves, all of one shape, and scalars of how far. */
export interface AdamWTensors {
  readonly weights: tf.Tensor;
  readonly gradient: tf.Tensor;
  /** Of the gradients so far. */
  readonly mean: tf.Tensor;
  /** Of their squares. */
  readonly meanSquare: tf.Tensor;
  /** The learning rate, over the correction of the mean for its zero start. */
  readonly rate: tf.Tensor;
  /** Root of the correction of the squares. */
  readonly rootCorrection: tf.Tensor;
  /** What the weights are multiplied by first; none where they do not decay. */
  readonly shrink?: tf.Tensor;
}

/**
 * AdamW's update: `m = m + (1 - beta1)·(g - m); s = beta2·s + (1 - beta2)·g²;
 * w = shrink·w - rate·m / (√s / rootCorrection + epsilon)`. One pass over memory by this package's own kernel where
 * libtensorflow has it, else the same of a few operations.
 *
 * @returns the new weights, mean and mean square
 *
 * @example
 * const [weights, mean, meanSquare] = adamWUpdate(tensors, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }, sharedScalars());
 */
export function adamWUpdate(
  { weights, gradient, mean, meanSquare, rate, rootCorrection, shrink }: AdamWTensors,
  { beta1, beta2, epsilon }: { readonly beta1: number; readonly beta2: number; readonly epsilon: number },
  scalar: SharedScalars,
): tf.Tensor[] {
  if (hasOwnUpdates(weights)) {
    const attributes = { mean_share: 1 - beta1, beta2, square_share: 1 - beta2, epsilon };
    const settings = [rate, rootCorrection, shrink ?? scalar(1)];
    return runOwnUpdate('CardinalAdamWUpdate', weights, gradient, [mean, meanSquare], settings, attributes);
  }
  const newMean = add(mean, mul(sub(gradient, mean), scalar(1 - beta1)));
  const newSquare = add(mul(meanSquare, scalar(beta2)), mul(square(gradient), scalar(1 - beta2)));
  const scale = add(div(sqrt(newSquare), rootCorrection), scalar(epsilon));
  const start = shrink === undefined ? weights : mul(weights, shrink);
  return [sub(start, mul(div(newMean, scale), rate)), newMean, newSquare];
}

import type * as tf from '@tensorflow/tfjs';
import { hasOwnUpdates, runOwnUpdate } from './own-kernels';
import { add, mul, sub, type SharedScalars } from './untaped';

/** What a step of SGD moves, all of one shape, and how far. */
export interface SgdTensors {
  readonly weights: tf.Tensor;
  readonly gradient: tf.Tensor;
  /** None without momentum. */
  readonly velocity?: tf.Tensor;
  /** The learning rate, a scalar. */
  readonly rate: tf.Tensor;
}

/**
 * Stochastic gradient descent with Nesterov momentum: `d = g + decay·w; v = momentum·v + d; w = w - rate·(d + momentum·v)`.
 * One pass over memory by this package's own kernel where libtensorflow has it, else the same of a few operations.
 *
 * @returns the new weights and, with momentum, the new velocity
 *
 * @example
 * const [weights, velocity] = sgdUpdate(tensors, { momentum: 0.9, decay: 5e-4 }, sharedScalars());
 */
export function sgdUpdate(
  { weights, gradient, velocity, rate }: SgdTensors,
  { momentum, decay }: { readonly momentum: number; readonly decay: number },
  scalar: SharedScalars,
): tf.Tensor[] {
  if (velocity !== undefined && hasOwnUpdates(weights)) {
    return runOwnUpdate('CardinalSgdUpdate', weights, gradient, [velocity], [rate], { momentum, decay });
  }
  const pull = decay > 0 ? add(gradient, mul(weights, scalar(decay))) : gradient;
  if (velocity === undefined) return [sub(weights, mul(pull, rate))];
  const moving = add(mul(velocity, scalar(momentum)), pull);
  const direction = add(pull, mul(moving, scalar(momentum)));
  return [sub(weights, mul(direction, rate)), moving];
}

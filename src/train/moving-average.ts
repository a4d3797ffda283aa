import type * as tf from '@tensorflow/tfjs';

import { AveragedWeights } from './averaged-weights';

/**
 * An exponential moving average of a model's weights, batch-norm statistics included:
 * `average += (1 - decay)·(weight - average)` after each step.
 *
 * The decay starts low, `(1 + step) / (10 + step)` while that is less, so that a short run does not average in its
 * random beginning.
 */
export class MovingAverage extends AveragedWeights {
  constructor(
    weights: ReadonlyMap<string, tf.Variable>,
    private readonly decay: number,
  ) {
    super(weights);
  }

  /** The share of the weights after optimiser step `step`, counted from 0. */
  share(step: number): number {
    return 1 - Math.min(this.decay, (1 + step) / (10 + step));
  }
}

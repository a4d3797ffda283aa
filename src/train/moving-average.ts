import type * as tf from '@tensorflow/tfjs';

import { AveragedWeights } from './averaged-weights';
import { warmedUpDecay } from './warmed-up-decay';

/**
 * An exponential moving average of a model's weights, batch-norm statistics included:
 * `average += (1 - decay)·(weight - average)` after each step, with a decay that starts low.
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
    return 1 - warmedUpDecay(this.decay, step);
  }
}

import * as tf from '@tensorflow/tfjs';

import { AveragedWeights } from './averaged-weights';

const LAST_DECAY = 0.95 ** 5;

/**
 * Slow weights, batch-norm statistics included, to which the weights return every few steps:
 * `slow += (1 - decay)·(weight - slow); weight = slow`. The decay grows from 0 with the cube of the share of the steps
 * that are done, so that the weights move freely at first and are averaged towards the end.
 *
 * Zhang et al., "Lookahead Optimizer: k steps forward, 1 step back", 2019; the decay is that of Jordan, "94% on CIFAR-10 in
 * 3.29 seconds on a single GPU", 2024.
 */
export class Lookahead extends AveragedWeights {
  /** @param every steps from one return to the next */
  constructor(
    weights: ReadonlyMap<string, tf.Variable>,
    private readonly every: number,
    private readonly totalSteps: number,
  ) {
    super(weights);
  }

  /** To be called after each step, with the steps done since the start of the run. */
  follow(steps: number): void {
    if (steps % this.every !== 0) return;
    const share = tf.scalar(1 - LAST_DECAY * (steps / this.totalSteps) ** 3);
    this.update(share);
    share.dispose();
    this.apply();
  }
}

import * as tf from '@tensorflow/tfjs';

let current: ReadonlyMap<number, tf.Scalar> = new Map();

/**
 * Runs `work` while batch norm layers of a momentum in `shares` move their statistics by that share of the way to those
 * of the batch, in place of `1 - momentum`. The scalars are the caller's to dispose.
 */
export function withStatisticsShares<T>(shares: ReadonlyMap<number, tf.Scalar>, work: () => T): T {
  const outer = current;
  current = shares;
  try {
    return work();
  } finally {
    current = outer;
  }
}

/** The share of a batch in the moving statistics of a batch norm layer of this momentum; to be called in a tidy. */
export function statisticsShare(momentum: number): tf.Scalar {
  return current.get(momentum) ?? tf.scalar(1 - momentum);
}

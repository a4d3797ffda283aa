/**
 * The decay of an exponential moving average after step `step`, counted from 0: it starts low, at
 * `(1 + step) / (10 + step)` while that is less than `decay`, so that a short run does not average in its random
 * beginning.
 *
 * It is what TensorFlow's `ExponentialMovingAverage` does with `num_updates`.
 */
export function warmedUpDecay(decay: number, step: number): number {
  return Math.min(decay, (1 + step) / (10 + step));
}

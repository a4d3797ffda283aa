import { seededRandom } from '../data/random';

/** A stream of numbers in (0, 1). */
type Uniform = () => number;

/** Keeps this use of the seed apart from the order of the images and from their augmentation. */
const STREAM = 0x6d6978;

/**
 * The share of the first image in each pair of a batch: a draw from Beta(alpha, alpha) that is a function of
 * (seed, step) alone, so that a run that resumes needs no generator's state.
 *
 * Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018.
 */
export function mixupShare(alpha: number, seed: number, step: number): number {
  const random = seededRandom(seed, step, STREAM);
  return betaSample(alpha, () => (random.below(2 ** 32) + 0.5) / 2 ** 32);
}

/**
 * Each row mixed with the row as far from the end of the batch: `share·row(i) + (1 - share)·row(count - 1 - i)`.
 * The batch is in random order already, so that this pairs images at random, as timm does.
 *
 * @param rows `[count, size]`, images or targets
 */
export function mixRows(rows: Float32Array, count: number, share: number): Float32Array {
  const size = rows.length / count;
  const mixed = new Float32Array(rows.length);
  for (let i = 0; i < count; i++) {
    const own = i * size;
    const other = (count - 1 - i) * size;
    for (let j = 0; j < size; j++) mixed[own + j] = share * rows[own + j] + (1 - share) * rows[other + j];
  }
  return mixed;
}

/** Beta(alpha, alpha) as a ratio of two gamma variates, in logarithms, since those of a small alpha underflow. */
export function betaSample(alpha: number, uniform: Uniform): number {
  const first = logGammaSample(alpha, uniform);
  const second = logGammaSample(alpha, uniform);
  return 1 / (1 + Math.exp(second - first));
}

/**
 * The logarithm of a Gamma(shape, 1) variate. A variate of shape + 1 times a uniform to the power 1/shape has that
 * shape, and shapes above 1 suit the squeeze of Marsaglia & Tsang, "A simple method for generating gamma variables",
 * 2000.
 */
function logGammaSample(shape: number, uniform: Uniform): number {
  const d = shape + 1 - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const cube = (1 + c * normal) ** 3;
    if (cube > 0 && Math.log(uniform()) < normal ** 2 / 2 + d - d * cube + d * Math.log(cube)) {
      return Math.log(d * cube) + Math.log(uniform()) / shape;
    }
  }
}

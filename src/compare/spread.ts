/** A mean over runs that differ in their seed alone. */
export interface Sample {
  readonly mean: number;
  /** Sample standard deviation; `undefined` for a single run. */
  readonly deviation: number | undefined;
  readonly count: number;
}

/**
 * Whether two means differ by more than their runs' spread explains: Welch's t-test at 95 %. `unknown` where a single run
 * says nothing of its spread.
 *
 * Source: Welch, "The generalization of 'Student's' problem when several different population variances are involved",
 * Biometrika 34, 1947.
 *
 * @example
 * compareMeans({ mean: 0.71, deviation: 0.004, count: 3 }, { mean: 0.69, deviation: 0.005, count: 3 }); // 'beyond'
 */
export function compareMeans(a: Sample, b: Sample): 'beyond' | 'within' | 'unknown' {
  if (a.deviation === undefined || b.deviation === undefined) return 'unknown';
  const [va, vb] = [a.deviation ** 2 / a.count, b.deviation ** 2 / b.count];
  const difference = Math.abs(a.mean - b.mean);
  if (va + vb === 0) return difference > 0 ? 'beyond' : 'within';
  const freedom = (va + vb) ** 2 / (va ** 2 / (a.count - 1) + vb ** 2 / (b.count - 1));
  return difference > studentT(freedom) * Math.sqrt(va + vb) ? 'beyond' : 'within';
}

/** Two-sided 95 % quantiles of Student's t by degrees of freedom, from 1. */
const T95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086,
];

// Rounded down to a whole number, which is the cautious side; the last entry also is for all above it.
function studentT(freedom: number): number {
  return T95[Math.min(T95.length, Math.max(1, Math.floor(freedom + 1e-9))) - 1];
}

/** An accuracy as people read it: 0.6812 and 0.0035 as `68.12 ± 0.35 %`; that of a single run has no deviation. */
export function accuracyText(mean: number, deviation: number | null | undefined): string {
  const percent = (share: number): string => (share * 100).toFixed(2);
  return deviation == null ? `${percent(mean)} %` : `${percent(mean)} ± ${percent(deviation)} %`;
}

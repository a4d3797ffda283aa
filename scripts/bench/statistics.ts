/** Where a sample of numbers lies: the middle, the middle half and the ends. */
export interface Summary {
  readonly median: number;
  /** First and third quartile. */
  readonly q1: number;
  readonly q3: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The value below which a share of the sorted numbers lies, interpolated between neighbours.
 *
 * @param share from 0, the smallest, to 1, the largest
 * @throws RangeError without any number
 */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('a quantile needs at least one number');
  const sorted = [...values].sort((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

/** The {@link Summary} of at least one number. */
export function summarise(values: readonly number[]): Summary {
  return {
    median: quantile(values, 0.5),
    q1: quantile(values, 0.25),
    q3: quantile(values, 0.75),
    min: quantile(values, 0),
    max: quantile(values, 1),
  };
}

/**
 * How many times as fast `mine` is as `theirs`: the time of theirs over mine, round by round.
 *
 * What slows the machine for a while slows both in one round, and cancels out of that round's ratio. A contestant may
 * have sat out rounds (`undefined`); those give no ratio.
 */
export function ratiosPerRound(
  mine: readonly (number | undefined)[],
  theirs: readonly (number | undefined)[],
): number[] {
  return mine.flatMap((own, round) => {
    const other = theirs[round];
    return own === undefined || other === undefined ? [] : [other / own];
  });
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

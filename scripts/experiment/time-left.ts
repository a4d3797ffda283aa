/** A run with what of it was timed and what is left of it. */
export interface TimedRun {
  readonly label: string;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
  readonly imagesTimed: number;
  /** What those images took. */
  readonly seconds: number;
  readonly imagesLeft: number;
}

/**
 * The seconds that all runs have left: for a label of which some was timed, by what its images took; for others by their
 * multiply-accumulates and what one took over all that was timed.
 *
 * @returns `undefined` while nothing is timed
 *
 * @example
 * secondsLeft([{ label: 'a', macs: 2e6, imagesTimed: 100, seconds: 1, imagesLeft: 50 }]); // 0.5
 */
export function secondsLeft(runs: readonly TimedRun[]): number | undefined {
  const timed = runs.filter(({ imagesTimed }) => imagesTimed > 0);
  if (timed.length === 0) return undefined;
  const sum = (of: readonly TimedRun[], value: (run: TimedRun) => number): number =>
    of.reduce((total, run) => total + value(run), 0);
  const perMac =
    sum(timed, ({ seconds }) => seconds) / sum(timed, ({ imagesTimed, macs }) => imagesTimed * macs);
  return sum(runs, ({ label, macs, imagesLeft }) => {
    const alike = timed.filter((run) => run.label === label);
    const perImage =
      alike.length === 0
        ? macs * perMac
        : sum(alike, ({ seconds }) => seconds) / sum(alike, ({ imagesTimed }) => imagesTimed);
    return imagesLeft * perImage;
  });
}

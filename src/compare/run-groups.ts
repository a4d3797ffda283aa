import { check } from '../errors';

/** What is compared of a finished run, without measuring anything. */
export interface RunSummary {
  /** What tells it from the others: its folder. */
  readonly run: string;
  /** What it has in common with the runs that differ from it in their seed alone: `resnext_toy, 8 groups`. */
  readonly label: string;
  readonly model: string;
  readonly seed: number;
  /** Share of all test images, from 0 to 1. */
  readonly testAccuracy: number;
  readonly trainableParameters: number;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
  readonly trainImages: number;
  readonly epochs: number;
  /** Of training alone. */
  readonly trainSeconds: number;
  readonly trainImagesPerSecond: number;
}

/** Runs that differ in their seed alone, and what they come to. */
export interface RunGroup<Run extends RunSummary = RunSummary> {
  readonly label: string;
  /** By ascending seed. */
  readonly runs: readonly Run[];
  /** Mean of the test accuracies, from 0 to 1. */
  readonly meanAccuracy: number;
  /** Their sample standard deviation (by n - 1); `undefined` for a single run. */
  readonly accuracyDeviation: number | undefined;
  /** Median over the runs, which a disturbed one does not move. */
  readonly trainImagesPerSecond: number;
  /** Median over the runs. */
  readonly trainSeconds: number;
}

/**
 * Puts runs of one label together, in the order in which the labels first come.
 *
 * @throws InvalidArgumentError where two runs of a label have other parameters, multiply-accumulates or epochs
 *
 * @example
 * groupRuns([first, second, third])[0].meanAccuracy; // 0.672
 */
export function groupRuns<Run extends RunSummary>(runs: readonly Run[]): RunGroup<Run>[] {
  return [...new Set(runs.map(({ label }) => label))].map((label) =>
    groupOf(
      label,
      runs.filter((run) => run.label === label),
    ),
  );
}

function groupOf<Run extends RunSummary>(label: string, unordered: readonly Run[]): RunGroup<Run> {
  const runs = [...unordered].sort((a, b) => a.seed - b.seed);
  for (const key of ['model', 'trainableParameters', 'macs', 'epochs', 'trainImages'] as const) {
    const odd = runs.find((run) => run[key] !== runs[0][key]);
    check(odd === undefined, 'runs', `the same ${key} in all runs of ${label}`, odd?.[key]);
  }
  const accuracies = runs.map(({ testAccuracy }) => testAccuracy);
  const meanAccuracy = mean(accuracies);
  return {
    label,
    runs,
    meanAccuracy,
    accuracyDeviation: runs.length === 1 ? undefined : deviation(accuracies, meanAccuracy),
    trainImagesPerSecond: median(runs.map((run) => run.trainImagesPerSecond)),
    trainSeconds: median(runs.map((run) => run.trainSeconds)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[], around: number): number {
  return Math.sqrt(values.reduce((sum, value) => sum + (value - around) ** 2, 0) / (values.length - 1));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

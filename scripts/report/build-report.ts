import { createModel, isModelName, listModels, type ModelOptions } from '../../models';
import { useBackend, type BackendName } from '../../src/backends/use-backend-node';
import { groupRuns, type RunSummary } from '../../src/compare/run-groups';
import { unknownChoice } from '../../src/errors';
import { inspectModel, type ModelReport } from '../../src/inspect/inspect-model';
import type { Recipe } from '../../src/train/recipe';
import type { RunConfig } from '../../src/train/run-config';
import { thisCommit } from '../bench/machine';
import { compareRunFolders } from '../compare-run-folders';
import { machine } from '../machine';
import { denseTwins } from './dense-twins';
import { findExamples, type FindExamplesOptions } from './find-examples';
import { groupFinishedRuns, trainingDifferences, type LabelledRuns } from './group-finished-runs';
import { findRuns } from './find-runs';
import { headline } from './headline';
import { readFinishedRun, type FinishedRun } from '../read-finished-run';
import type { Measured, Report, ReportGroup, ReportRun } from './report';
import { trainLine } from './train-line';

export interface BuildReportOptions extends Omit<FindExamplesOptions, 'onProgress'> {
  readonly backend?: BackendName;
  /** Whether latency and speed are measured now; default true. */
  readonly measure?: boolean;
  /** Milliseconds to measure each batch size for; default as {@link compareRunFolders} has it. */
  readonly budget?: number;
  /** Whether example images are chosen, for which each model sees all test images once; default true. */
  readonly examples?: boolean;
  /** Told what is being worked on, how far that is, and of what. */
  readonly onProgress?: (label: string, done: number, total: number, unit: string) => void;
}

/**
 * Puts together all that a report shows of finished runs: what their folders have, and what is measured now.
 *
 * @param paths run folders, or folders of them
 * @throws CardinalError naming a path without a run, or a damaged one
 * @throws InterruptedError once `signal` is aborted
 *
 * @example
 * const { headline } = await buildReport(['runs/quickstart'], { measure: false, examples: false });
 */
export async function buildReport(
  paths: readonly string[],
  options: BuildReportOptions = {},
): Promise<Report> {
  const { finished, unfinished } = await findRuns(paths);
  const runs: FinishedRun[] = [];
  for (const folder of finished) runs.push(await readFinishedRun(folder));
  const labelled = groupFinishedRuns(runs);
  const { backend } = await useBackend(options.backend);
  const models = labelled.map(({ runs: [{ config }] }) => inspectRunModel(config));
  const measured = options.measure === false ? undefined : await measure(labelled, options);
  const onProgress = (label: string, done: number, total: number): void =>
    options.onProgress?.(`examples of ${label}`, done, total, 'images');
  const examples =
    options.examples === false ? undefined : await findExamples(labelled, { ...options, onProgress });
  const twins = denseTwins(labelled);
  const groups = labelled.map((group, i) => ({
    ...groupOf(group, models[i]),
    denseTwin: twins[i],
    measured: measured?.[i] ?? null,
    examples: examples?.[i] ?? { wrong: [], right: [] },
  }));
  return {
    headline: headline(groups, trainingDifferences(labelled)),
    date: new Date().toISOString(),
    machine: machine(),
    commit: thisCommit(),
    measuredOn: measured === undefined ? null : backend,
    hasImages: examples !== undefined,
    groups,
    unfinished,
  };
}

/** What the model of a run is made of. No weights are made for that. */
function inspectRunModel({ model: { name, options } }: RunConfig): ModelReport {
  if (!isModelName(name)) throw unknownChoice('model', name, listModels());
  const model = createModel(name, { ...(options as ModelOptions), initialise: false });
  try {
    return inspectModel(model);
  } finally {
    model.dispose();
  }
}

function groupOf(
  { label, runs }: LabelledRuns,
  { layers, macs, inputShape }: ModelReport,
): Omit<ReportGroup, 'denseTwin' | 'measured' | 'examples'> {
  const [{ config, result }] = runs;
  const [group] = groupRuns(runs.map((run) => summaryOf(run, label, macs)));
  const classNames = config.data.images?.classNames ?? Object.keys(result.classAccuracy);
  const confusion = result.confusion.map((row, label) =>
    row.map((_, guess) => runs.reduce((sum, run) => sum + run.result.confusion[label][guess], 0)),
  );
  return {
    label,
    model: config.model.name,
    runs: runs.map(runOf),
    meanAccuracy: group.meanAccuracy,
    accuracyDeviation: group.accuracyDeviation ?? null,
    trainableParameters: result.parameters.trainable,
    totalParameters: result.parameters.total,
    macs,
    trainImages: result.trainImages,
    testImages: result.testImages,
    testData: result.testData ?? `${config.data.name}/test`,
    epochs: result.epochs,
    trainSeconds: group.trainSeconds,
    trainImagesPerSecond: group.trainImagesPerSecond,
    classNames,
    confusion,
    classAccuracy: confusion.map((row, label) => {
      const count = row.reduce((sum, images) => sum + images, 0);
      return count === 0 ? null : row[label] / count;
    }),
    recipe: withoutSeed(config.recipe),
    inputShape: inputShape as number[],
    layers,
  };
}

function withoutSeed({ seed: _, ...recipe }: Recipe): Omit<Recipe, 'seed'> {
  return recipe;
}

function summaryOf({ folder, config, result }: FinishedRun, label: string, macs: number): RunSummary {
  return {
    run: folder,
    label,
    model: result.model,
    seed: config.recipe.seed,
    testAccuracy: result.testAccuracy,
    trainableParameters: result.parameters.trainable,
    macs,
    trainImages: result.trainImages,
    epochs: result.epochs,
    trainSeconds: result.trainSeconds,
    trainImagesPerSecond: result.trainImagesPerSecond,
  };
}

function runOf({ folder, config, result, history }: FinishedRun): ReportRun {
  const { command, missing } = trainLine(config, folder);
  const { testAccuracy, testLoss, bestEpoch, trainSeconds, trainImagesPerSecond, backend } = result;
  return {
    run: folder,
    seed: config.recipe.seed,
    testAccuracy,
    testLoss,
    bestEpoch,
    trainSeconds,
    trainImagesPerSecond,
    backend,
    versions: config.versions,
    command,
    missingOptions: missing,
    history,
  };
}

async function measure(
  labelled: readonly LabelledRuns[],
  { backend, signal, budget, onProgress }: BuildReportOptions,
): Promise<Measured[]> {
  const folders = labelled.map(({ runs: [{ folder }] }) => folder);
  const comparison = await compareRunFolders(folders, {
    backend,
    signal,
    budget,
    onProgress: (label, done, total) => onProgress?.(label, done, total, 'rounds'),
  });
  return comparison.runs.map(({ latencyMs, imagesPerSecond, bytes }) => ({
    latencyMs,
    imagesPerSecond,
    bytes,
  }));
}

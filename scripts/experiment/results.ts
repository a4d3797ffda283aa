import { groupRuns } from '../../src/compare/run-groups';
import type { ExperimentDefinition } from './definition';
import { headlineOf } from './headline';
import type { OpenedRun } from './open-runs';
import type { ExperimentResults, GroupOfRuns, ResultGroup, ResultRun } from './results-schema';

/** What the numbers hold for. */
export type Circumstances = Pick<ExperimentResults, 'date' | 'machine' | 'commit' | 'wallSeconds'>;

/**
 * What the finished runs of an experiment come to.
 *
 * @param opened all runs that are planned, each with its result if it is finished
 *
 * @example
 * const { headline, groups } = resultsOf(definition, runs, circumstances);
 */
export function resultsOf(
  definition: ExperimentDefinition,
  opened: readonly OpenedRun[],
  circumstances: Circumstances,
): ExperimentResults {
  const labels = [...new Set(opened.map(({ label }) => label))];
  const runs = opened.flatMap(rowsOf);
  const groups = groupRuns(runs).sort((a, b) => labels.indexOf(a.label) - labels.indexOf(b.label));
  return {
    name: definition.name,
    title: definition.title ?? definition.name,
    question: definition.question ?? null,
    headline: headlineOf(groups, { planned: opened.length, finished: runs.length }),
    ...circumstances,
    planned: opened.length,
    finished: runs.length,
    definition,
    groups: groups.map(summaryOf),
    runs,
  };
}

function rowsOf({ name: run, label, macs, recipe, config, result }: OpenedRun): ResultRun[] {
  if (result === undefined) return [];
  const { name: model, options } = config.model;
  return [
    {
      run,
      label,
      model,
      groups: options.groups ?? null,
      width: options.width ?? null,
      recipe: recipe ?? null,
      seed: config.recipe.seed,
      testAccuracy: result.testAccuracy,
      bestEpoch: result.bestEpoch,
      trainableParameters: result.parameters.trainable,
      macs,
      trainImages: result.trainImages,
      epochs: result.epochs,
      trainSeconds: result.trainSeconds,
      trainImagesPerSecond: result.trainImagesPerSecond,
      backend: result.backend,
    },
  ];
}

function summaryOf({ label, runs, meanAccuracy, accuracyDeviation, ...speed }: GroupOfRuns): ResultGroup {
  const [{ model, groups, width, recipe, trainableParameters, macs, trainImages, epochs }] = runs;
  return {
    label,
    model,
    groups,
    width,
    recipe,
    seeds: runs.map(({ seed }) => seed),
    meanAccuracy,
    accuracyDeviation: accuracyDeviation ?? null,
    trainableParameters,
    macs,
    trainImages,
    epochs,
    trainSeconds: speed.trainSeconds,
    trainImagesPerSecond: speed.trainImagesPerSecond,
  };
}

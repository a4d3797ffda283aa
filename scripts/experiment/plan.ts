import { createModel, type ModelName, type ModelOptions } from '../../models';
import type { BackendName } from '../../src/backends/use-backend-node';
import { CardinalError, InvalidArgumentError } from '../../src/errors';
import { inspectModel } from '../../src/inspect/inspect-model';
import { DEFAULT_RECIPE, type Recipe } from '../../src/train/recipe';
import type { RunConfig } from '../../src/train/run-config';
import { runLabel } from '../run-label';
import { countTrainImages, resolveRun } from '../run-training';
import { combinationsOf, type Combination } from './combinations';
import type { ExperimentDefinition } from './definition';

/** A run of an experiment before it is begun. */
export interface PlannedRun {
  /** The name of its folder. */
  readonly name: string;
  /** What it has in common with the runs that differ from it in their seed alone. */
  readonly label: string;
  readonly combination: Combination;
  /** The name of its recipe; without one it has the default recipe. */
  readonly recipe: string | undefined;
  readonly config: RunConfig;
  readonly trainableParameters: number;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
  /** Over all epochs. */
  readonly imagesSeen: number;
}

/**
 * The runs of an experiment in the order in which they are run, each with its config and what it costs.
 *
 * @throws InvalidArgumentError for a combination that no run can be made of; labels say which
 *
 * @example
 * const runs = await planExperiment(await readDefinition('cardinality'));
 * runs[0].macs;
 */
export async function planExperiment(
  definition: ExperimentDefinition,
  { backend, source }: { backend?: BackendName; source?: string } = {},
): Promise<PlannedRun[]> {
  const combinations = combinationsOf(definition);
  const several = {
    subsets: new Set(combinations.map(({ subset }) => subset)).size > 1,
    recipes: new Set(combinations.map((combination) => recipeName(definition, combination))).size > 1,
  };
  const figures = new Map<string, ModelFigures>();
  const runs: PlannedRun[] = [];
  // One after the other: a backend that is being started cannot be started again meanwhile.
  for (const combination of combinations) {
    const { model, groups, width, seed, subset = definition.data?.subset } = combination;
    const recipe = recipeName(definition, combination);
    try {
      const config = await resolveRun({
        model,
        modelOptions: { groups, width },
        data: { subset, validation: definition.data?.validation, source },
        // What an experiment does not vary is the same in all of its runs.
        recipe: { batchSize: DEFAULT_RECIPE.batchSize, ...recipeOf(definition, recipe), seed },
        backend,
      });
      const label =
        combination.label ??
        [
          runLabel(config),
          ...(several.subsets ? [subset === undefined ? 'all images' : `${subset} images`] : []),
          ...(several.recipes && recipe !== undefined ? [recipe] : []),
        ].join(', ');
      const key = JSON.stringify([model, groups, width]);
      const costs = figures.get(key) ?? figuresOf(config);
      figures.set(key, costs);
      runs.push({
        name: folderName(label, seed),
        label,
        combination,
        recipe,
        config,
        ...costs,
        imagesSeen: imagesSeen(config),
      });
    } catch (error) {
      if (!(error instanceof CardinalError)) throw error;
      throw new InvalidArgumentError(`${describe(combination)}: ${error.message}`);
    }
  }
  checkNames(runs);
  return runs;
}

/** The only recipe is that of every run which names none. */
function recipeName({ recipes = {} }: ExperimentDefinition, { recipe }: Combination): string | undefined {
  const names = Object.keys(recipes);
  if (recipe !== undefined || names.length === 0) return recipe;
  if (names.length === 1) return names[0];
  throw new InvalidArgumentError(
    `recipe: expected one of ${names.join(', ')} in the matrix or in include. Received: undefined.`,
  );
}

function recipeOf({ recipes = {} }: ExperimentDefinition, name: string | undefined): Partial<Recipe> {
  return name === undefined ? {} : (recipes[name] as Partial<Recipe>);
}

type ModelFigures = Pick<PlannedRun, 'trainableParameters' | 'macs'>;

function figuresOf({ model: { name, options } }: RunConfig): ModelFigures {
  const model = createModel(name as ModelName, { ...(options as ModelOptions), initialise: false });
  try {
    const { params, macs } = inspectModel(model);
    return { trainableParameters: params.trainable, macs };
  } finally {
    model.dispose();
  }
}

/** A last batch that is not full is left out of an epoch. */
function imagesSeen({ data, recipe: { epochs, batchSize } }: RunConfig): number {
  return Math.floor(countTrainImages(data) / batchSize) * batchSize * epochs;
}

function folderName(label: string, seed: number): string {
  const words = label
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_.]+/gu, '-')
    .replace(/^[-.]+|-+$/g, '');
  return `${words}-seed-${seed}`;
}

function describe({ label: _, ...values }: Combination): string {
  return Object.entries(values)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}

/** Runs of one label are to differ in their seed alone, and each needs a folder of its own. */
function checkNames(runs: readonly PlannedRun[]): void {
  for (const run of runs) {
    const other = runs.find((earlier) => earlier !== run && earlier.name === run.name);
    if (other === undefined) continue;
    throw new InvalidArgumentError(
      `label: expected another for each of ${describe(run.combination)} and ${describe(other.combination)}. Received: '${run.label}'.`,
    );
  }
  for (const run of runs) {
    const other = runs.find(
      ({ label, combination }) => label === run.label && !isAlike(combination, run.combination),
    );
    if (other === undefined) continue;
    throw new InvalidArgumentError(
      `label: expected runs that differ in their seed alone to have it. Received: '${run.label}'.`,
    );
  }
}

function isAlike(a: Combination, b: Combination): boolean {
  return (['model', 'groups', 'width', 'subset', 'recipe'] as const).every((key) => a[key] === b[key]);
}

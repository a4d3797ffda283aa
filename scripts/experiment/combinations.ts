import { invalidArgument, InvalidArgumentError } from '../../src/errors';
import { DEFAULT_RECIPE } from '../../src/train/recipe';
import type { ExperimentDefinition } from './definition';

/** One run of an experiment, as its file has it. */
export interface Combination {
  readonly model: string;
  readonly groups?: number;
  readonly width?: number;
  readonly subset?: number;
  /** The name of one of the recipes. */
  readonly recipe?: string;
  readonly seed: number;
  /** What it is called in place of a name made of all that. */
  readonly label?: string;
}

/** As many as GitHub Actions allows a matrix. */
const MOST_RUNS = 256;
const KEYS = ['model', 'groups', 'width', 'subset', 'recipe', 'seed'] as const;

/**
 * The runs of an experiment: the matrix as a Cartesian product, less what `exclude` matches, and those of `include`. All of
 * the first seed come first, then all of the second, so that one that is broken off can be compared already.
 *
 * @throws InvalidArgumentError where a combination comes twice, none is left, or there are too many
 *
 * @example
 * combinationsOf({ name: 'toys', matrix: { model: ['resnet_toy', 'resnext_toy'], seed: [1, 2] } }).length; // 4
 */
export function combinationsOf(definition: ExperimentDefinition): Combination[] {
  const { matrix = {}, include = [], exclude = [] } = definition;
  const seeds = matrix.seed ?? [DEFAULT_RECIPE.seed];
  const product = matrix.model === undefined ? [] : productOf({ ...matrix, seed: seeds });
  if (matrix.model === undefined) checkOnlySeeds(matrix);
  const isExcluded = exclude.map((values) => (run: Combination) => matches(run, values));
  isExcluded.forEach((excludes, i) => {
    if (product.some(excludes)) return;
    throw invalidArgument(`exclude[${i}]`, 'values that a combination of the matrix has', exclude[i]);
  });
  const runs = product.filter((run) => !isExcluded.some((excludes) => excludes(run)));
  for (const [i, { seed, ...values }] of include.entries()) {
    for (const own of seed === undefined ? seeds : [seed]) {
      const run: Combination = { ...values, seed: own };
      if (runs.some((other) => KEYS.every((key) => other[key] === run[key]))) {
        throw invalidArgument(`include[${i}]`, 'a combination that is not there yet', include[i]);
      }
      runs.push(run);
    }
  }
  checkNumber(runs.length);
  const order = [...new Set([...seeds, ...runs.map(({ seed }) => seed)])];
  return order.flatMap((seed) => runs.filter((run) => run.seed === seed));
}

function productOf(matrix: NonNullable<ExperimentDefinition['matrix']>): Combination[] {
  const axes = KEYS.flatMap((key) => (matrix[key] === undefined ? [] : [{ key, values: matrix[key] }]));
  for (const { key, values } of axes) {
    const again = values.find((value, i) => values.indexOf(value as never) !== i);
    if (again !== undefined) throw invalidArgument(`matrix.${key}`, 'each value once', again);
  }
  checkNumber(axes.reduce((count, { values }) => count * values.length, 1));
  return axes.reduce<Record<string, unknown>[]>(
    (runs, { key, values }) => runs.flatMap((run) => [...values].map((value) => ({ ...run, [key]: value }))),
    [{}],
  ) as unknown as Combination[];
}

function checkOnlySeeds(matrix: NonNullable<ExperimentDefinition['matrix']>): void {
  const other = KEYS.find((key) => key !== 'seed' && matrix[key] !== undefined);
  if (other !== undefined) {
    throw invalidArgument(
      'matrix.model',
      `names of models, which are to have the matrix's ${other}`,
      undefined,
    );
  }
}

function matches(run: Combination, values: Partial<Combination>): boolean {
  return KEYS.every((key) => values[key] === undefined || run[key] === values[key]);
}

function checkNumber(count: number): void {
  if (count > 0 && count <= MOST_RUNS) return;
  throw new InvalidArgumentError(`matrix, include: expected 1 to ${MOST_RUNS} runs. Received: ${count}.`);
}

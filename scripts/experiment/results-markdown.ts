import { escapeMarkdown, markdownTable } from '../../src/compare/markdown';
import { resolveRecipe, type Recipe } from '../../src/train/recipe';
import { duration } from '../cli/progress';
import { grouped } from '../cli/plain-table';
import { accuracyText } from '../../src/compare/spread';
import type { ExperimentResults } from './results-schema';

const TABLE = [
  'runs',
  'groups',
  'width',
  'parameters',
  'MACs',
  'test accuracy',
  'of each seed, %',
  'images/s',
  'training',
] as const;
const NUMERIC = [1, 2, 3, 4, 5, 6, 7, 8];

/**
 * An experiment's results as a page: what the numbers say, a plot, a table, and how it was made.
 *
 * @param plot the file name of the plot, which lies beside it, if there is one
 * @param command what makes it again
 */
export function resultsMarkdown(
  results: ExperimentResults,
  { plot, command }: { plot: string | undefined; command: string },
): string {
  const { title, question, headline } = results;
  return [
    `# ${escapeMarkdown(title)}`,
    '',
    `<!-- Written by \`cardinal experiment\`. -->`,
    '',
    ...(question === null ? [] : [escapeMarkdown(question), '']),
    `**${escapeMarkdown(headline)}**`,
    '',
    ...(plot === undefined ? [] : [`![${escapeMarkdown(title)}](${plot})`, '']),
    tableOf(results),
    '',
    'Accuracy is that of the best epoch by validation (the last one where no images are held out), on all test images: the mean and the sample standard deviation over the seeds. ' +
      'Parameters are trainable ones; MACs are those of convolutions and linear layers for one image; speed and time are medians ' +
      'over the seeds, of training alone.',
    '',
    '## How it was made',
    '',
    ...circumstances(results).map((line) => `- ${line}`),
    '',
    'By',
    '',
    '```sh',
    command,
    '```',
    '',
  ].join('\n');
}

/** The table of the page, for a terminal too. */
export function resultRows({ groups, runs }: Pick<ExperimentResults, 'groups' | 'runs'>): {
  head: string[];
  rows: string[][];
  numeric: number[];
} {
  const rows = groups.map((group) => [
    group.label,
    group.groups === null ? '' : String(group.groups),
    group.width === null ? '' : String(group.width),
    grouped(group.trainableParameters),
    grouped(group.macs),
    accuracyText(group.meanAccuracy, group.accuracyDeviation),
    group.seeds.map((seed) => accuracyOf(runs, group.label, seed)).join(', '),
    grouped(Math.round(group.trainImagesPerSecond)),
    duration(group.trainSeconds),
  ]);
  const kept = TABLE.map((_, column) => column).filter((column) => rows.some((row) => row[column] !== ''));
  return {
    head: kept.map((column) => TABLE[column]),
    rows: rows.map((row) => kept.map((column) => row[column])),
    numeric: kept.flatMap((column, position) => (NUMERIC.includes(column) ? [position] : [])),
  };
}

function tableOf(results: ExperimentResults): string {
  const { head, rows, numeric } = resultRows(results);
  return markdownTable(head, rows, numeric);
}

function accuracyOf(runs: ExperimentResults['runs'], label: string, seed: number): string {
  const run = runs.find((candidate) => candidate.label === label && candidate.seed === seed);
  return run === undefined ? '' : (run.testAccuracy * 100).toFixed(2);
}

function circumstances({ runs, groups, definition, ...results }: ExperimentResults): string[] {
  const { machine, commit, date, wallSeconds, finished, planned } = results;
  const images = [...new Set(groups.map(({ trainImages }) => grouped(trainImages)))];
  const hash =
    commit.hash === null
      ? ''
      : `, commit ${commit.hash.slice(0, 12)}${commit.isDirty ? ' with changes' : ''}`;
  const wall = wallSeconds === null ? '' : `; ${duration(wallSeconds)} for all of it`;
  return [
    `${finished} of ${planned} runs${wall}, ${duration(runs.reduce((sum, run) => sum + run.trainSeconds, 0))} of it training`,
    `CIFAR-10: ${images.join(' or ')} training images, class-balanced`,
    ...Object.entries(definition.recipes ?? { default: {} }).map(
      ([name, recipe]) => `recipe ${escapeMarkdown(name)}: ${recipeText(recipe as Partial<Recipe>)}`,
    ),
    Object.entries(machine)
      .map(([name, value]) => `${escapeMarkdown(name)} ${escapeMarkdown(value)}`)
      .join(', '),
    `trained on ${[...new Set(runs.map(({ backend }) => backend))].join(', ')}${hash}, ${date.slice(0, 10)}`,
  ];
}

/** All of a recipe, since defaults may change. */
function recipeText(given: Partial<Recipe>): string {
  const parts = Object.entries(resolveRecipe(given)).filter(([name]) => name !== 'seed');
  return parts.map(([name, value]) => `${name} ${String(value)}`).join(', ');
}

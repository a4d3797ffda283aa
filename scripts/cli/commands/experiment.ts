import { isAbsolute, relative } from 'node:path';

import type { Command } from 'commander';

import { InterruptedError, invalidArgument } from '../../../src/errors';
import type { BackendName } from '../../../src/backends/use-backend-node';
import { combinationsOf } from '../../experiment/combinations';
import type { ExperimentDefinition } from '../../experiment/definition';
import { readDefinition, shippedExperiments } from '../../experiment/find-definition';
import { planExperiment, type PlannedRun } from '../../experiment/plan';
import { resultRows } from '../../experiment/results-markdown';
import { chosenRuns, runExperiment, type ExperimentReport } from '../../experiment/run-experiment';
import { createExperimentReporter } from '../experiment-reporter';
import { checkFolderToMake } from '../given-paths';
import { createInterrupt } from '../interrupt';
import { colors, note, print, printJson } from '../output';
import { grouped, plainTable } from '../plain-table';
import { addOptions, MACHINE_OPTIONS } from '../train-options';

const EXAMPLES = `
Examples:
  $ cardinal experiment
  $ cardinal experiment cardinality --dry-run
  $ cardinal experiment cardinality --seeds 1
  $ cardinal experiment my-widths.yaml --to runs/widths --results docs/results

my-widths.yaml:
  name: widths
  title: How wide should it be?
  question: Do more channels help at any number of groups?
  data: { subset: 10000 }
  recipes:
    short: { epochs: 4, batchSize: 64, schedule: one-cycle, learningRate: 0.2 }
  matrix:
    model: [resnext_toy]
    groups: [1, 8]
    width: [32, 64]
    seed: [1, 2, 3]
  exclude:
    - { groups: 1, width: 64 }
  include:
    - { model: mobilenet_toy, label: a MobileNet }

The matrix is every combination of model, groups, width, subset, recipe and seed; exclude takes away, include adds, once
for each seed. What a recipe can say is what config.json of a run has under "recipe". Each run has a folder of its own in
--to; one that is finished is not run again, and one that was stopped goes on. results.json, .csv, .md and .svg are
written there after each run. Ctrl-C saves the state and stops; the same command goes on from there.`;

interface ExperimentFlags {
  readonly to?: string;
  readonly results?: string;
  readonly only?: readonly string[];
  readonly seeds?: readonly number[];
  readonly fresh?: boolean;
  readonly dryRun?: boolean;
  readonly backend?: BackendName;
  readonly data?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('experiment')
    .description('run a matrix of models, groups, widths, recipes and seeds, and compare them')
    .argument(
      '[file]',
      'a YAML or JSON file, or an experiment that comes with the package; without it these are listed',
    )
    .option('--to <folder>', 'where the runs and the results go (runs/NAME)')
    .option('--results <folder>', 'write NAME.json, .md, .svg and .metrics.jsonl there too')
    .option('--only <label>', 'run only this one, as --dry-run calls it; may be given again', gather)
    .option('--seeds <list>', 'run only these seeds, such as 1,2', seedList)
    .option('--fresh', 'train anew, in place of the runs that are there')
    .option('--dry-run', 'show the runs and what each costs, and run none');
  addOptions(command, MACHINE_OPTIONS);
  command
    .option('--json', 'print the results as JSON')
    .addHelpText('after', EXAMPLES)
    .action((file: string | undefined, flags: ExperimentFlags) => experiment(command, file, flags));
}

function gather(label: string, earlier: readonly string[] = []): string[] {
  return [...earlier, label];
}

function seedList(text: string): number[] {
  const words = text.split(',').map((word) => word.trim());
  if (!words.every((word) => /^\d{1,15}$/.test(word))) {
    throw invalidArgument('--seeds', 'whole numbers with commas between them, such as 1,2', text);
  }
  return words.map(Number);
}

async function experiment(command: Command, file: string | undefined, flags: ExperimentFlags): Promise<void> {
  if (file === undefined) return listShipped(command, flags);
  const definition = await readDefinition(file);
  if (flags.dryRun === true) return showPlan(definition, flags);
  await run(file, definition, flags);
}

async function listShipped(command: Command, flags: ExperimentFlags): Promise<void> {
  const given = command.options.find(
    (option) => command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (given !== undefined && given.long !== '--json') {
    throw invalidArgument('file', 'a YAML or JSON file, or the name of an experiment', undefined);
  }
  const definitions = await Promise.all((await shippedExperiments()).map(readDefinition));
  const rows = definitions.map((definition) => ({
    name: definition.name,
    title: definition.title ?? definition.name,
    question: definition.question ?? null,
    runs: combinationsOf(definition).length,
  }));
  if (flags.json === true) return printJson(rows);
  const table = plainTable(['experiment', 'runs', 'title'], [1]);
  for (const { name, runs, title } of rows) table.push([name, String(runs), title]);
  print(table.toString());
}

async function showPlan(definition: ExperimentDefinition, flags: ExperimentFlags): Promise<void> {
  const { backend, data: source } = flags;
  const runs = chosenRuns(await planExperiment(definition, { backend, source }), flags);
  const images = sum(runs, ({ imagesSeen }) => imagesSeen);
  if (flags.json === true) {
    return printJson({
      name: definition.name,
      imagesSeen: images,
      runs: runs.map(({ combination: _, ...planned }) => planned),
    });
  }
  const table = plainTable(['run', 'label', 'seed', 'parameters', 'MACs', 'images seen'], [2, 3, 4, 5]);
  for (const { name, label, config, trainableParameters, macs, imagesSeen } of runs) {
    const costs = [trainableParameters, macs, imagesSeen].map(grouped);
    table.push([name, label, String(config.recipe.seed), ...costs]);
  }
  print(table.toString());
  const macs = sum(runs, (planned) => planned.macs * planned.imagesSeen);
  note(
    `${runs.length === 1 ? '1 run' : `${runs.length} runs`}, ${grouped(images)} images, ${(macs / 1e12).toFixed(2)} T MACs of forward passes`,
  );
}

function sum(runs: readonly PlannedRun[], value: (run: PlannedRun) => number): number {
  return runs.reduce((total, planned) => total + value(planned), 0);
}

async function run(file: string, definition: ExperimentDefinition, flags: ExperimentFlags): Promise<void> {
  const { backend, data: source, fresh, only, seeds, results } = flags;
  const to = flags.to ?? `runs/${definition.name}`;
  await checkFolderToMake('--to', to);
  if (results !== undefined) await checkFolderToMake('--results', results);
  const interrupt = createInterrupt('stopping after this step, and saving');
  const reporter = createExperimentReporter(interrupt);
  try {
    // The page of results may be published, and must not tell of this machine's folders.
    const command = `cardinal experiment ${isAbsolute(file) ? relative(process.cwd(), file) : file}`;
    const report = await runExperiment(
      { definition, to, backend, source, fresh, only, seeds, results, command },
      { signal: interrupt.signal, reporter },
    );
    reporter.stop();
    if (flags.json === true) printJson(report.results);
    else print(describe(report));
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    throw new InterruptedError(
      `${error.message}; what was done is saved, and the same command goes on from there`,
    );
  } finally {
    reporter.stop();
    interrupt.disarm();
  }
}

function describe({ results, files }: ExperimentReport): string {
  const { head, rows, numeric } = resultRows(results);
  const table = plainTable(head, numeric);
  for (const row of rows) table.push(row);
  return [
    '',
    colors.bold(results.headline),
    '',
    table.toString(),
    '',
    colors.dim(`saved: ${files.join(', ')}`),
  ].join('\n');
}

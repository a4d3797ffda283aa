import type { Command } from 'commander';

import { InterruptedError } from '../../../src/errors';
import { quickstart, type QuickstartReport } from '../../quickstart';
import { NATIVE_RECIPE, QUICKSTART_MODELS } from '../../quickstart-recipe';
import { commandPrefix } from '../command-prefix';
import { comparisonTable } from '../comparison-table';
import { checkFolderToMake } from '../given-paths';
import { createInterrupt } from '../interrupt';
import { createMeasureProgress } from '../measure-progress';
import { duration } from '../progress';
import { colors, note, print, printJson } from '../output';
import { addOptions, MACHINE_OPTIONS, whole, type TrainFlags } from '../train-options';
import { createTrainingReporter } from '../training-reporter';

const DEFAULT_FOLDER = 'runs/quickstart';

const EXAMPLES = `
Examples:
  $ cardinal quickstart
  $ cardinal quickstart --epochs 2 --subset 2000 --to runs/quick
  $ cardinal quickstart --fresh --seed 2

What an earlier quickstart finished is not trained again, and one that was stopped goes on; --fresh starts anew.
The folder holds a run folder and an export for each model, comparison.md and comparison.json.`;

interface QuickstartFlags extends Pick<
  TrainFlags,
  'backend' | 'data' | 'epochs' | 'json' | 'seed' | 'subset'
> {
  readonly to: string;
  readonly fresh?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('quickstart')
    .description(`train, test, export and compare ${QUICKSTART_MODELS.join(', ')} on CIFAR-10`)
    .option('--to <folder>', 'where everything goes', DEFAULT_FOLDER)
    .option('--epochs <n>', `passes over the images (${NATIVE_RECIPE.recipe.epochs})`, whole('--epochs', 1))
    .option('--subset <n>', `training images, class-balanced (${NATIVE_RECIPE.subset})`, whole('--subset', 1))
    .option('--seed <n>', `fixes all that is random (${NATIVE_RECIPE.recipe.seed})`, whole('--seed', 0))
    .option('--fresh', 'train anew, in place of the runs that are there');
  addOptions(command, MACHINE_OPTIONS);
  command
    .option('--json', 'print the comparison and the folders as JSON')
    .addHelpText('after', EXAMPLES)
    .action(runQuickstart);
}

async function runQuickstart({ data: source, json, ...request }: QuickstartFlags): Promise<void> {
  const startedAt = performance.now();
  await checkFolderToMake('--to', request.to);
  const interrupt = createInterrupt('stopping after this step, and saving');
  const reporter = createTrainingReporter(interrupt);
  const progress = createMeasureProgress();
  const onMeasure: typeof progress.onProgress = (...event) => {
    reporter.stop();
    progress.onProgress(...event);
  };
  try {
    const report = await quickstart(
      { ...request, source },
      { signal: interrupt.signal, reporter, onMeasure },
    );
    progress.stop();
    if (report.wasFinished)
      note(`${report.folder} is finished: this is what it came to; --fresh trains anew`);
    else note(`done in ${duration((performance.now() - startedAt) / 1000)}`);
    if (json === true) printJson(report);
    else print(describe(report));
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    throw new InterruptedError(
      `${error.message}; what was done is saved, and the same command goes on from there`,
    );
  } finally {
    progress.stop();
    reporter.stop();
    interrupt.disarm();
  }
}

function describe(report: QuickstartReport): string {
  const { comparison, files, runs } = report;
  const [, grouped] = runs;
  const cardinal = commandPrefix();
  const lines = (title: string, pairs: [string, string][]): string[] => [
    colors.bold(title),
    ...pairs.map(([left, right]) => `  ${left}\n    ${colors.dim(right)}`),
  ];
  return [
    '',
    comparisonTable(comparison),
    '',
    ...lines('Saved', [
      [files.markdown, 'this table; the same as JSON is beside it'],
      ...runs.map(({ model, exported }): [string, string] => [exported, `${model} for tf.loadLayersModel`]),
    ]),
    '',
    ...lines('Next', [
      [
        `${cardinal} report ${report.folder} --to ${report.folder}/report.html`,
        'all of it as one page: plots, confusions, examples',
      ],
      [`${cardinal} eval ${grouped.run}`, 'accuracy of each class'],
      [`${cardinal} info ${grouped.model}`, 'its layers, parameters and MACs'],
      [`${cardinal} list`, 'all models'],
      [
        `${cardinal} train resnext29_8x4d --to runs/resnext29_8x4d --subset 10000 --epochs 10`,
        'a larger one',
      ],
    ]),
  ].join('\n');
}

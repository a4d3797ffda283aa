import type { Command } from 'commander';

import { testedNoun } from '../../../src/compare/tested-on';
import { InterruptedError, invalidArgument, InvalidArgumentError } from '../../../src/errors';
import type { RunResult } from '../../../src/train/run-config';
import { checkRunFolder } from '../../../src/train/run-folder-node';
import { dryRun } from '../../dry-run';
import { resolveRun, resumeRun, startRun } from '../../run-training';
import { checkFolderToMake } from '../given-paths';
import { createInterrupt } from '../interrupt';
import { checkModelName } from '../known-model';
import { print, printJson } from '../output';
import {
  addOptions,
  checkTogether,
  MACHINE_OPTIONS,
  RECIPE_OPTIONS,
  requestFromFlags,
  type TrainFlags,
} from '../train-options';
import { createTrainingReporter, percent } from '../training-reporter';

const EXAMPLES = `
Examples:
  $ cardinal train resnext_toy --to runs/toy --subset 10000 --epochs 10
  $ cardinal train resnext29_8x4d --to runs/resnext --optimizer adamw --mixup 0.2 --ema 0.999
  $ cardinal train --resume runs/resnext
  $ cardinal train mobilenet_toy --dry-run

The run folder holds config.json, metrics.jsonl (a line an epoch), last.safetensors and best.safetensors
(best by validation accuracy) and, when the run is over, result.json with the accuracy on all test images.
Ctrl-C saves the state and stops; --resume goes on as if the run had not stopped.`;

export function register(program: Command): void {
  const command = program
    .command('train')
    .description('train a model on CIFAR-10 into a run folder, and test it')
    .argument('[model]', 'a name that `cardinal list` shows')
    .option('--to <folder>', 'the run folder to make, such as runs/toy')
    .option('--resume <folder>', 'go on with a run that was stopped; it keeps its recipe')
    .option('--overwrite', 'replace a run that --to holds already');
  addOptions(command, [...RECIPE_OPTIONS, ...MACHINE_OPTIONS])
    .option('--no-flip', 'train without random flips')
    .option('--no-crop', 'train without random crops')
    .option('--whiten', 'the first convolution starts as a whitening of the images, and stays so')
    .option('--dry-run', 'send one batch through everything, and keep nothing')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action((model: string | undefined, flags: TrainFlags) => runTrain(command, model, flags));
}

async function runTrain(command: Command, model: string | undefined, flags: TrainFlags): Promise<void> {
  if (flags.dryRun === true && flags.resume === undefined) return runDry(model, flags);
  const interrupt = createInterrupt('stopping after this step, and saving');
  const reporter = createTrainingReporter(interrupt);
  const options = { signal: interrupt.signal, reporter };
  try {
    const result =
      flags.resume === undefined
        ? await startRun(...(await newRun(model, flags)), { ...options, overwrite: flags.overwrite })
        : await resumeRun(resumedFolder(command, flags), {
            ...options,
            backend: flags.backend,
            source: flags.data,
          });
    reporter.stop();
    if (flags.json === true) printJson(result);
    else print(describe(result, (flags.resume ?? flags.to) as string));
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    const folder = flags.resume ?? flags.to;
    throw new InterruptedError(`${error.message}; go on with: cardinal train --resume ${folder}`);
  } finally {
    reporter.stop();
    interrupt.disarm();
  }
}

async function newRun(
  model: string | undefined,
  flags: TrainFlags,
): Promise<[string, Awaited<ReturnType<typeof resolveRun>>]> {
  if (model === undefined) throw invalidArgument('model', 'a name that `cardinal list` shows', undefined);
  checkModelName(model);
  checkTogether(flags);
  if (flags.to === undefined) {
    throw invalidArgument('--to', `a folder for the run, such as runs/${model}`, undefined);
  }
  await checkFolderToMake('--to', flags.to);
  // Before TensorFlow is loaded, which takes a second.
  await checkRunFolder(flags.to, flags);
  return [flags.to, await resolveRun(requestFromFlags(model, flags))];
}

/** The folder to go on in, once it is sure that nothing else was asked for that a resumed run would ignore. */
function resumedFolder(command: Command, flags: TrainFlags): string {
  const kept = new Set(['resume', 'backend', 'data', 'json']);
  const given = command.options
    .map((option) => option.attributeName())
    .filter((name) => command.getOptionValueSource(name) === 'cli' && !kept.has(name));
  // `--flip` and `--no-flip` are two options of one value.
  const isNegated = command.opts()[given[0]] === false;
  const ignored = command.options.find(
    (option) => option.attributeName() === given[0] && option.negate === isNegated,
  );
  if (ignored !== undefined || command.args.length > 0) {
    const what = ignored?.long ?? 'a model';
    throw new InvalidArgumentError(`--resume: a resumed run keeps its model and recipe. Received: ${what}.`);
  }
  return flags.resume as string;
}

async function runDry(model: string | undefined, flags: TrainFlags): Promise<void> {
  if (model === undefined) throw invalidArgument('model', 'a name that `cardinal list` shows', undefined);
  checkTogether(flags);
  const reporter = createTrainingReporter();
  try {
    const report = await dryRun(await resolveRun(requestFromFlags(model, flags)), { reporter });
    reporter.stop();
    if (flags.json === true) printJson(report);
    else print(report.steps.map(({ step, outcome }) => `${step}: ${outcome}`).join('\n'));
  } finally {
    reporter.stop();
  }
}

function describe(result: RunResult, folder: string): string {
  const { model, testAccuracy, testImages, testData = '', bestEpoch, epochs, trainImagesPerSecond } = result;
  return (
    `${model}: ${percent(testAccuracy)} of ${testImages} ${testedNoun(testData)}, at epoch ${bestEpoch} of ${epochs}, ` +
    `${trainImagesPerSecond.toFixed(0)} training images/s, in ${folder}`
  );
}

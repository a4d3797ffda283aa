import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';

import { testedNoun } from '../../../src/compare/tested-on';
import { check, InterruptedError, invalidArgument } from '../../../src/errors';
import type { RunResult } from '../../../src/train/run-config';
import { checkRunFolder } from '../../../src/train/run-folder-node';
import { prepareFinetune, type FinetuneRequest } from '../../finetune';
import { startRun } from '../../run-training';
import { checkFolderToMake, checkWeightSource } from '../given-paths';
import { createInterrupt } from '../interrupt';
import { checkModelName } from '../known-model';
import { print, printJson } from '../output';
import {
  addOptions,
  BACKEND_OPTION,
  checkTogether,
  RECIPE_OPTIONS,
  option,
  requestFromFlags,
  shareAboveZero,
  whole,
  type TrainFlags,
  type ValueOption,
} from '../train-options';
import { createTrainingReporter, percent } from '../training-reporter';

const EXAMPLES = `
Examples:
  $ cardinal finetune flowers --model resnet18 --weights hf:timm/resnet18.tv_in1k --freeze layer2
  $ cardinal finetune flowers --model mobilenet_v3_small --weights mobilenet.safetensors --epochs 20
  $ cardinal finetune shapes --model resnext_toy --image-size 32 --to runs/shapes

The folder has a folder of PNG or JPEG images for each class (flowers/daisy/1.jpg), or folders train and val or test
with those in them. The run folder is as that of \`cardinal train\`: eval, export and compare take it, and
\`cardinal train --resume RUN\` goes on with a run that was stopped.`;

/** What is said otherwise than in `cardinal train`, by flag; undefined for what does not apply. */
const SUMMARIES: Readonly<Record<string, string | undefined>> = {
  '--epochs': 'passes over the training images (10; up to 30 of few images)',
  '--batch-size': 'images a step (32; of few images down to 8)',
  '--subset': undefined,
  '--validation': undefined,
  '--lr': 'highest learning rate (with weights 0.01, adamw: 0.0001; without 0.1, adamw: 0.001)',
  '--weight-decay': 'spares biases and batch norm (with weights 0.0001, without 0.0005; adamw: 0.05)',
};

/** The recipe's options as this command shows them. */
function recipeOptions(): ValueOption[] {
  return RECIPE_OPTIONS.flatMap((recipe) => {
    const [flag] = recipe.flags.split(' ');
    if (!(flag in SUMMARIES)) return [recipe];
    const summary = SUMMARIES[flag];
    return summary === undefined ? [] : [{ ...recipe, summary }];
  });
}

interface FinetuneFlags extends Omit<TrainFlags, 'data' | 'subset' | 'validation' | 'resume' | 'dryRun'> {
  readonly model?: string;
  readonly weights?: string;
  readonly freeze?: string;
  readonly imageSize?: number;
  readonly validationShare?: number;
}

export function register(program: Command): void {
  const text = (value: string) => value;
  const own: readonly ValueOption[] = [
    option('--model', 'name', 'a name that `cardinal list` shows', text),
    option('--weights', 'source', 'trained weights: a safetensors file, a URL or hf:OWNER/REPO', text),
    option('--freeze', 'module', 'keep all layers up to this one as they are, such as layer3', text),
    option(
      '--image-size',
      'n',
      "side of the model's input in pixels (the model's own)",
      whole('--image-size', 8),
    ),
    option(
      '--validation-share',
      's',
      'share of the training images held out where there is no folder val (0.1)',
      shareAboveZero('--validation-share'),
    ),
    option('--to', 'folder', 'the run folder to make (runs/FOLDER-MODEL)', text),
  ];
  const command = program
    .command('finetune')
    .description('fine-tune a model on a folder of images into a run folder')
    .argument('<folder>', 'a folder with a folder of images for each class');
  addOptions(command, [...own, ...recipeOptions(), BACKEND_OPTION])
    .option('--no-flip', 'train without random flips')
    .option('--no-crop', 'train without random crops')
    .option('--overwrite', 'replace a run that --to holds already')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(runFinetune);
}

async function runFinetune(folder: string, flags: FinetuneFlags): Promise<void> {
  const { model, overwrite, json } = flags;
  await checkFolder(folder);
  if (model === undefined) throw invalidArgument('--model', 'a name that `cardinal list` shows', undefined);
  checkModelName(model);
  const to = flags.to ?? join('runs', `${basename(resolve(folder))}-${model}`);
  checkTogether(flags);
  if (flags.weights !== undefined) await checkWeightSource('--weights', flags.weights);
  await checkFolderToMake('--to', to);
  await checkRunFolder(to, flags);
  const interrupt = createInterrupt('stopping after this step, and saving');
  const reporter = createTrainingReporter(interrupt);
  try {
    const { config, images } = await prepareFinetune(requestOf(folder, model, flags), reporter);
    const options = { signal: interrupt.signal, reporter, images, overwrite };
    const result = await startRun(to, config, options);
    reporter.stop();
    if (json === true) printJson(result);
    else print(describe(result, to));
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    throw new InterruptedError(`${error.message}; go on with: cardinal train --resume ${to}`);
  } finally {
    reporter.stop();
    interrupt.disarm();
  }
}

/** Whether its images are in order shows later; that there is no such folder is told at once. */
async function checkFolder(folder: string): Promise<void> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  check(isFolder, 'folder', 'a folder with one folder of images for each class', folder);
}

function requestOf(folder: string, model: string, flags: FinetuneFlags): FinetuneRequest {
  const { weights, freeze, imageSize, validationShare } = flags;
  const { recipe, modelOptions, backend } = requestFromFlags(model, flags);
  return { folder, model, weights, freeze, imageSize, validationShare, recipe, modelOptions, backend };
}

function describe(result: RunResult, folder: string): string {
  const { model, testAccuracy, testImages, testData = '', bestEpoch, epochs, trainImagesPerSecond } = result;
  return (
    `${model}: ${percent(testAccuracy)} of ${testImages} ${testedNoun(testData)}, at epoch ${bestEpoch} of ${epochs}, ` +
    `${trainImagesPerSecond.toFixed(0)} training images/s, in ${folder}`
  );
}

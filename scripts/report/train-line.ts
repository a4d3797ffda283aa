import { Command, type Option } from 'commander';

import { CIFAR10_TRAIN_IMAGES } from '../../src/data/cifar10-facts';
import { DEFAULT_RECIPE, resolveRecipe, unusedSettings } from '../../src/train/recipe';
import type { RunConfig } from '../../src/train/run-config';
import { register as registerFinetune } from '../cli/commands/finetune';
import { register as registerTrain } from '../cli/commands/train';
import { countTrainImages } from '../run-training';

/** How a run is started again. */
export interface TrainLine {
  /** For a shell. */
  readonly command: string;
  /** What the run has that the command line has no option for, as `name value`. */
  readonly missing: readonly string[];
}

/**
 * The line that trains a run again: only what differs from the defaults is said, and every text is quoted for a shell.
 *
 * @param folder of the run, as a person named it
 *
 * @example
 * trainLine(config, 'runs/toy').command; // 'cardinal train resnext_toy --to runs/toy --epochs 10 --subset 10000 --seed 1'
 */
export function trainLine(config: RunConfig, folder: string): TrainLine {
  const isFolder = config.data.name === 'image-folder';
  const words = isFolder ? finetuneWords(config) : trainWords(config);
  const options = optionsOf(isFolder ? registerFinetune : registerTrain);
  const missing: string[] = [];
  for (const [key, value] of [...modelParts(config), ...recipeParts(config)]) {
    const flag = flagOf(options, key, value);
    if (flag === undefined) missing.push(`${key} ${String(value)}`);
    else words.push(...flag);
  }
  return { command: [...words, '--to', folder].map(quoted).join(' '), missing };
}

type Part = readonly [key: string, value: unknown];

function trainWords({ model: { name }, data: { source, subset, validation } }: RunConfig): string[] {
  const usual = Math.min(5_000, Math.round((subset ?? CIFAR10_TRAIN_IMAGES) / 10));
  return [
    ...['cardinal', 'train', name],
    ...(subset === undefined ? [] : ['--subset', String(subset)]),
    ...(validation === usual ? [] : ['--validation', String(validation)]),
    ...(source === undefined ? [] : ['--data', source]),
  ];
}

function finetuneWords({ model, data: { source = '', images } }: RunConfig): string[] {
  return [
    ...['cardinal', 'finetune', source, '--model', model.name],
    ...(model.weights === undefined ? [] : ['--weights', model.weights]),
    ...(model.freeze === undefined ? [] : ['--freeze', model.freeze]),
    ...(images === undefined ? [] : ['--image-size', String(images.size)]),
    ...(images === undefined ? [] : ['--validation-share', String(images.validationShare)]),
  ];
}

function modelParts({ model: { options } }: RunConfig): Part[] {
  const { groups, width, padType, normEpsilon, dropRate, implementation } = options;
  const parts: Part[] = [];
  if (groups !== undefined) parts.push(['groups', groups]);
  if (width !== undefined) parts.push(['width', width]);
  if (padType !== undefined) parts.push(['padType', padType]);
  if (normEpsilon !== undefined) parts.push(['normEpsilon', normEpsilon]);
  if (dropRate !== 0) parts.push(['dropRate', dropRate]);
  if (implementation !== 'auto') parts.push(['implementation', implementation]);
  return parts;
}

// Fine-tuning has defaults of its own for these, which follow from its images and weights.
const SAID_TO_FINETUNE = new Set(['epochs', 'batchSize', 'learningRate', 'weightDecay', 'warmupEpochs']);

/** What of the recipe is not what the rest of it would come to by itself. */
function recipeParts({ recipe, data }: RunConfig): Part[] {
  const { epochs, optimizer } = recipe;
  const byItself: Readonly<Record<string, unknown>> = {
    ...resolveRecipe({ epochs, optimizer }, countTrainImages(data)),
    epochs: DEFAULT_RECIPE.epochs,
    optimizer: DEFAULT_RECIPE.optimizer,
  };
  const unused = unusedSettings(recipe);
  const parts = Object.entries(recipe).filter(([key]) => !(key in unused));
  if (data.name === 'cifar10') return parts.filter(([key, value]) => value !== byItself[key]);
  return parts.filter(([key, value]) => {
    if (key === 'padCrop') return value === 0;
    return SAID_TO_FINETUNE.has(key) || value !== byItself[key];
  });
}

/** What a recipe calls otherwise than the command line. */
const RENAMED: Readonly<Record<string, string>> = {
  learningRate: 'lr',
  padCrop: 'crop',
  testTimeAugmentation: 'testViews',
};

function flagOf(options: readonly Option[], key: string, value: unknown): string[] | undefined {
  const named = options.filter((option) => option.attributeName() === (RENAMED[key] ?? key));
  const off = named.find(({ negate }) => negate);
  if (off?.long != null && (value === false || value === 0)) return [off.long];
  const on = named.find(({ negate }) => !negate);
  if (on?.long == null) return undefined;
  if (on.required) return [on.long, String(value)];
  return value === true ? [on.long] : undefined;
}

function optionsOf(register: (program: Command) => void): readonly Option[] {
  const program = new Command();
  register(program);
  return program.commands[0].options;
}

function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

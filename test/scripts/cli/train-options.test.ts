import { Command } from 'commander';

import { InvalidArgumentError } from '../../../src/errors';
import { register as registerEval } from '../../../scripts/cli/commands/eval';
import { register as registerTrain } from '../../../scripts/cli/commands/train';
import { DEFAULT_RECIPE, resolveRecipe, type Recipe } from '../../../src/train/recipe';
import { requestFromFlags, type TrainFlags } from '../../../scripts/cli/train-options';

function run(...args: string[]): Promise<Command> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  registerTrain(program);
  registerEval(program);
  for (const command of program.commands) command.allowExcessArguments(false);
  return program.parseAsync(args, { from: 'user' });
}

test.each<[string, string]>([
  ['--epochs x', "--epochs: expected a whole number of at least 1. Received: 'x'."],
  ['--epochs 0', "--epochs: expected a whole number of at least 1. Received: '0'."],
  ['--epochs 1.5', "--epochs: expected a whole number of at least 1. Received: '1.5'."],
  ['--epochs 1e3', '--epochs: expected a whole number'],
  ['--batch-size=-4', '--batch-size: expected a whole number of at least 1'],
  ['--lr 0', "--lr: expected a number above 0. Received: '0'."],
  ['--lr Infinity', '--lr: expected a number above 0'],
  ['--lr 1e999', '--lr: expected a number above 0'],
  ['--momentum 1', '--momentum: expected a number from 0 to below 1'],
  ['--label-smoothing 0x1', '--label-smoothing: expected a number from 0 to below 1'],
  ['--optimizer sdg', "--optimizer: expected one of sgd, adamw (did you mean 'sgd'?). Received: 'sdg'."],
  ['--schedule cosin', "did you mean 'cosine'?"],
  ['--implementation nativ', "did you mean 'native'?"],
  ['--backend cuda', '--backend: expected one of auto, tensorflow, wasm, cpu'],
  [
    '--flip randm',
    "--flip: expected one of random, alternating (did you mean 'random'?). Received: 'randm'.",
  ],
  ['--crop 0', '--crop: expected a whole number of at least 1'],
  ['--test-views flipp', "did you mean 'flip'?"],
  ['--seed -1', '--seed: expected a whole number of at least 0'],
  ['--epochs 3 --warmup-epochs 3 --to x', '--warmup-epochs: expected fewer than the 3 epochs. Received: 3.'],
  ['', '--to: expected a folder for the run, such as runs/resnext_toy. Received: undefined.'],
])('train resnext_toy %s', async (args, sentence) => {
  const attempt = run('train', 'resnext_toy', ...args.split(' ').filter(Boolean));
  await expect(attempt).rejects.toThrow(InvalidArgumentError);
  await expect(attempt).rejects.toThrow(sentence);
});

test.each<[string[], string]>([
  [['train', '--to', 'x'], 'model: expected a name that `cardinal list` shows'],
  [['train', 'resnext_toi', '--to', 'x'], "did you mean 'resnext_toy'?"],
  [
    ['train', '--resume', 'x', '--lr', '1'],
    '--resume: a resumed run keeps its model and recipe. Received: --lr.',
  ],
  [['train', '--resume', 'x', '--no-flip'], 'Received: --no-flip.'],
  [['train', 'resnext_toy', '--resume', 'x'], 'Received: a model.'],
  [['eval', 'x', '--checkpoint', 'bst'], "--checkpoint: expected one of best, last (did you mean 'best'?)"],
])('%j', async (args, sentence) => {
  const attempt = run(...args);
  await expect(attempt).rejects.toThrow(InvalidArgumentError);
  await expect(attempt).rejects.toThrow(sentence);
});

test('options that are not known, and folders that are no runs, are errors', async () => {
  await expect(run('train', 'resnext_toy', '--epoch', '3')).rejects.toThrow("unknown option '--epoch'");
  await expect(run('train', '--resume', 'no/such/run')).rejects.toThrow('no/such/run is no run folder');
  await expect(run('eval', 'no/such/run')).rejects.toThrow('no/such/run is no run folder');
});

test('every option reaches the request', () => {
  const flags: TrainFlags = {
    epochs: 3,
    batchSize: 4,
    subset: 5,
    validation: 6,
    optimizer: 'adamw',
    lr: 0.7,
    momentum: 0.8,
    weightDecay: 0.9,
    schedule: 'one-cycle',
    warmupEpochs: 1.1,
    labelSmoothing: 0.12,
    mixup: 0.13,
    ema: 0.14,
    normBiasScale: 64,
    lookahead: 5,
    whiten: true,
    cutout: 15,
    flip: false,
    crop: false,
    padMode: 'reflect',
    testViews: 'flip',
    precision: 'bfloat16',
    groups: 18,
    width: 19,
    padType: 'same',
    normEpsilon: 0.21,
    dropRate: 0.16,
    seed: 17,
    implementation: 'native',
    backend: 'cpu',
    data: 'folder',
  };
  expect(requestFromFlags('m', flags)).toEqual({
    model: 'm',
    modelOptions: {
      dropRate: 0.16,
      implementation: 'native',
      groups: 18,
      width: 19,
      padType: 'same',
      normEpsilon: 0.21,
    },
    data: { source: 'folder', subset: 5, validation: 6 },
    backend: 'cpu',
    recipe: {
      epochs: 3,
      batchSize: 4,
      optimizer: 'adamw',
      learningRate: 0.7,
      momentum: 0.8,
      weightDecay: 0.9,
      schedule: 'one-cycle',
      warmupEpochs: 1.1,
      labelSmoothing: 0.12,
      mixup: 0.13,
      ema: 0.14,
      padCrop: 0,
      flip: false,
      cutout: 15,
      normBiasScale: 64,
      lookahead: 5,
      whiten: true,
      padMode: 'reflect',
      testTimeAugmentation: 'flip',
      precision: 'bfloat16',
      seed: 17,
    },
  });
  const asked = requestFromFlags('m', flags).recipe ?? {};
  expect(Object.keys(asked).sort()).toEqual(Object.keys(DEFAULT_RECIPE).sort());
});

test.each<[string, Partial<Recipe>]>([
  ['', { flip: true, padCrop: 4 }],
  ['--no-flip --no-crop', { flip: false, padCrop: 0 }],
  ['--flip alternating --crop 2', { flip: 'alternating', padCrop: 2 }],
  ['--flip random', { flip: true, padCrop: 4 }],
])('flips and crops by %s', async (args, expected) => {
  const program = new Command().exitOverride();
  registerTrain(program);
  let recipe: Recipe | undefined;
  program.commands[0].action((model: string, flags: TrainFlags) => {
    recipe = resolveRecipe(requestFromFlags(model, flags).recipe);
  });
  await program.parseAsync(['train', 'resnext_toy', ...args.split(' ').filter(Boolean)], { from: 'user' });
  expect(recipe).toMatchObject(expected);
});

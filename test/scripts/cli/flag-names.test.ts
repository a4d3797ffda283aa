import { Command } from 'commander';
import { inFlags } from '../../../scripts/cli/flag-names';
import { InvalidArgumentError } from '../../../src/errors';
import { resolveRecipe, type Recipe } from '../../../src/train/recipe';
import { requestFromFlags, RECIPE_OPTIONS, addOptions } from '../../../scripts/cli/train-options';

const train = addOptions(new Command('train'), RECIPE_OPTIONS)
  .option('--no-flip')
  .option('--no-crop')
  .option('--whiten')
  .option('--overwrite');
const importing = new Command('import')
  .option('--no-strict')
  .option('--weights <x>')
  .option('--num-classes <n>');
const bare = new Command('eval').option('--json');

it.each([
  [
    'batchSize: expected at most 180, the training images. Received: 512.',
    train,
    '--batch-size: expected at most 180, the training images. Received: 512.',
  ],
  [
    'learningRate: expected a number above 0. Received: 0.',
    train,
    '--lr: expected a number above 0. Received: 0.',
  ],
  [
    'padCrop: expected fewer than 8 pixels where padMode is reflect. Received: 9.',
    train,
    '--crop: expected fewer than 8 pixels where --pad-mode is reflect. Received: 9.',
  ],
  [
    'epochs: expected more epochs than warmupEpochs. Received: 1.',
    train,
    '--epochs: expected more epochs than --warmup-epochs. Received: 1.',
  ],
  [
    'x is there already: replace it with overwrite: true, or choose another folder',
    train,
    'x is there already: replace it with --overwrite, or choose another folder',
  ],
  [
    'it does not fit; 1 missing: fc.bias; strict: false loads the others',
    importing,
    'it does not fit; 1 missing: fc.bias; --no-strict loads the others',
  ],
  [
    'it does not fit; 1 missing: fc.bias; loadWeights with strict: false loads the others',
    importing,
    'it does not fit; 1 missing: fc.bias; --no-strict loads the others',
  ],
  [
    'it does not fit; 1 missing: fc.bias; loadWeights with strict: false loads the others',
    train,
    'it does not fit; 1 missing: fc.bias',
  ],
  // What the command has no flag for, and what a person wrote, stays.
  ['batchSize: expected 1. Received: 2.', bare, 'batchSize: expected 1. Received: 2.'],
  [
    "weights: expected a file. Received: 'padMode/batchSize.txt'.",
    train,
    "weights: expected a file. Received: 'padMode/batchSize.txt'.",
  ],
  [
    "model: expected the model's own batchSize. Received: 'numClasses'.",
    importing,
    "model: expected the model's own batchSize. Received: 'numClasses'.",
  ],
  [
    'toys.yaml:3:5: recipes.short: batchSize: expected 1.',
    bare,
    'toys.yaml:3:5: recipes.short: batchSize: expected 1.',
  ],
])('%s', (message, command, expected) => {
  expect(inFlags(message, command)).toBe(expected);
});

// Each option of a recipe that a flag sets is called by that flag where it is refused.
it('knows the flag of every option of a recipe', () => {
  const { recipe } = requestFromFlags('resnet_toy', { flip: true, crop: true });
  for (const name of Object.keys(recipe as Recipe)) {
    let message = '';
    try {
      resolveRecipe({ [name]: 'wrong' });
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidArgumentError);
      message = (error as Error).message;
    }
    expect([name, inFlags(message, train)]).toEqual([name, expect.stringMatching(/^--[a-z-]+: expected /)]);
  }
});

import { check, invalidArgument, unknownChoice } from '../errors';

export const OPTIMIZERS = ['sgd', 'adamw'] as const;
export type OptimizerName = (typeof OPTIMIZERS)[number];

export const SCHEDULES = ['constant', 'cosine', 'one-cycle'] as const;
export type ScheduleName = (typeof SCHEDULES)[number];

/** How a model is trained: everything that the numbers depend on besides the model and the data. JSON-safe. */
export interface Recipe {
  readonly epochs: number;
  readonly batchSize: number;
  /** `sgd` is SGD with Nesterov momentum. */
  readonly optimizer: OptimizerName;
  /** The highest learning rate of the schedule. */
  readonly learningRate: number;
  /** For `sgd`; 0 turns it off. */
  readonly momentum: number;
  /** Spares biases and batch norm. Added to the gradient by `sgd`, taken off the weights by `adamw`. */
  readonly weightDecay: number;
  readonly schedule: ScheduleName;
  /** Epochs, fractions allowed, over which the rate rises linearly. `one-cycle` has a rise of its own. */
  readonly warmupEpochs: number;
  /** Share of the target that is spread evenly over all classes, from 0 to below 1. */
  readonly labelSmoothing: number;
  /** The alpha of mixup's Beta(alpha, alpha) distribution; 0 turns it off. */
  readonly mixup: number;
  /** Decay of the moving average of the weights, which evaluation then uses; 0 turns it off. */
  readonly ema: number;
  /** Padding a side, in pixels, of the random crop; 0 turns it off. */
  readonly padCrop: number;
  /** Random horizontal flips. */
  readonly flip: boolean;
  /** Side, in pixels, of the square that is blanked out; 0 turns it off. */
  readonly cutout: number;
  /** Fixes the order of the images, the augmentation, mixup and dropout. */
  readonly seed: number;
}

/**
 * The recipe that CIFAR-10 models are commonly trained with: SGD with Nesterov momentum 0.9, rate 0.1 falling along
 * a cosine after one epoch of warm-up, weight decay 5e-4, batches of 128, pad-4 crops and flips.
 */
export const DEFAULT_RECIPE: Recipe = Object.freeze({
  epochs: 30,
  batchSize: 128,
  optimizer: 'sgd',
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 5e-4,
  schedule: 'cosine',
  warmupEpochs: 1,
  labelSmoothing: 0,
  mixup: 0,
  ema: 0,
  padCrop: 4,
  flip: true,
  cutout: 0,
  seed: 0,
});

/** What AdamW takes where the recipe is silent: its useful rates are a hundredth of SGD's. */
const ADAMW_DEFAULTS = { learningRate: 1e-3, weightDecay: 0.05 };

/**
 * A whole, checked recipe from the parts that were given.
 *
 * @throws InvalidArgumentError naming the first option that cannot be used
 *
 * @example
 * resolveRecipe({ epochs: 10, optimizer: 'adamw' }).learningRate; // 0.001
 */
export function resolveRecipe(given: Partial<Recipe> = {}): Recipe {
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  for (const key of Object.keys(named)) {
    if (!Object.hasOwn(DEFAULT_RECIPE, key)) throw unknownChoice('recipe', key, Object.keys(DEFAULT_RECIPE));
  }
  const recipe: Recipe = {
    ...DEFAULT_RECIPE,
    ...(given.optimizer === 'adamw' ? ADAMW_DEFAULTS : {}),
    ...named,
  };
  wholeFrom('epochs', recipe.epochs, 1);
  wholeFrom('batchSize', recipe.batchSize, 1);
  oneOf('optimizer', recipe.optimizer, OPTIMIZERS);
  oneOf('schedule', recipe.schedule, SCHEDULES);
  check(
    recipe.learningRate > 0 && Number.isFinite(recipe.learningRate),
    'learningRate',
    'a number above 0',
    recipe.learningRate,
  );
  shareBelowOne('momentum', recipe.momentum);
  numberFrom0('weightDecay', recipe.weightDecay);
  numberFrom0('warmupEpochs', recipe.warmupEpochs);
  check(
    recipe.warmupEpochs < recipe.epochs || recipe.warmupEpochs === 0 || given.warmupEpochs === undefined,
    'warmupEpochs',
    `fewer than the ${recipe.epochs} epochs`,
    recipe.warmupEpochs,
  );
  shareBelowOne('labelSmoothing', recipe.labelSmoothing);
  numberFrom0('mixup', recipe.mixup);
  shareBelowOne('ema', recipe.ema);
  wholeFrom('padCrop', recipe.padCrop, 0);
  wholeFrom('cutout', recipe.cutout, 0);
  check(typeof recipe.flip === 'boolean', 'flip', 'true or false', recipe.flip);
  wholeFrom('seed', recipe.seed, 0);
  // One epoch of warm-up is a default for runs that have epochs to spare.
  const warmupEpochs = given.warmupEpochs ?? Math.min(recipe.warmupEpochs, recipe.epochs / 10);
  return { ...recipe, warmupEpochs };
}

function oneOf(argument: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value)) throw unknownChoice(argument, value, choices);
}

function wholeFrom(argument: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw invalidArgument(argument, `a whole number of at least ${least}`, value);
  }
}

function numberFrom0(argument: string, value: number): void {
  check(Number.isFinite(value) && value >= 0, argument, 'a number of at least 0', value);
}

function shareBelowOne(argument: string, value: number): void {
  check(Number.isFinite(value) && value >= 0 && value < 1, argument, 'a number from 0 to below 1', value);
}

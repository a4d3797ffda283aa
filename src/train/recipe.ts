import { PRECISIONS, type Precision } from '../backends/step-compiler';
import { PAD_MODES, type PadMode } from '../data/augmentation';
import { check, invalidArgument, unknownChoice } from '../errors';
import { TEST_TIME_AUGMENTATIONS, type TestTimeAugmentation } from './test-time-views';

export const OPTIMIZERS = ['sgd', 'adamw'] as const;
export type OptimizerName = (typeof OPTIMIZERS)[number];

export const SCHEDULES = ['constant', 'cosine', 'one-cycle', 'triangular'] as const;
export type ScheduleName = (typeof SCHEDULES)[number];

/** How a model is trained: everything that the numbers depend on besides the model and the data. JSON-safe. */
export interface Recipe {
  readonly epochs: number;
  /** Where nothing is said of it, smaller than the default in a run that would have fewer than 100 steps. */
  readonly batchSize: number;
  /** `sgd` is SGD with Nesterov momentum. */
  readonly optimizer: OptimizerName;
  /** The highest learning rate of the schedule. */
  readonly learningRate: number;
  /** For `sgd`; 0 turns it off. */
  readonly momentum: number;
  /** Spares biases and batch norm. Added to the gradient by `sgd`, taken off the weights by `adamw`. */
  readonly weightDecay: number;
  /**
   * Factor on the learning rate of the shifts of batch norm. Where it is not 1 they decay too, as much a step as kernels do.
   * Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024, section 3.4, takes 64.
   */
  readonly normBiasScale: number;
  readonly schedule: ScheduleName;
  /** Epochs, fractions allowed, over which the rate rises linearly. `one-cycle` and `triangular` have a rise of their own. */
  readonly warmupEpochs: number;
  /** Share of the target that is spread evenly over all classes, from 0 to below 1. */
  readonly labelSmoothing: number;
  /** The alpha of mixup's Beta(alpha, alpha) distribution; 0 turns it off. */
  readonly mixup: number;
  /** Decay of the moving average of the weights, which evaluation then uses; 0 turns it off. */
  readonly ema: number;
  /**
   * Steps after which the weights are drawn to a slow average of themselves, which evaluation uses; 0 turns it off, and
   * it excludes `ema`. Zhang et al., "Lookahead Optimizer: k steps forward, 1 step back", 2019.
   */
  readonly lookahead: number;
  /** Whether the first convolution starts as a whitening of the training images' patches, and its kernel stays so. */
  readonly whiten: boolean;
  /** Padding a side, in pixels, of the random crop; 0 turns it off. */
  readonly padCrop: number;
  /** What the padding holds: black, or the image mirrored at its border. */
  readonly padMode: PadMode;
  /** Horizontal flips of every other image, by chance: in each epoch anew, or in one epoch and not in the next. */
  readonly flip: boolean | 'alternating';
  /** Side, in pixels, of the square that is blanked out; 0 turns it off. */
  readonly cutout: number;
  /** The views of a test image whose logits are averaged in the test of a run; validation looks at each image once. */
  readonly testTimeAugmentation: TestTimeAugmentation;
  /**
   * What convolutions and matrix products are computed in. `bfloat16` takes a backend that compiles the step and a processor
   * with instructions for it, and is an error elsewhere.
   */
  readonly precision: Precision;
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
  normBiasScale: 1,
  schedule: 'cosine',
  warmupEpochs: 1,
  labelSmoothing: 0,
  mixup: 0,
  ema: 0,
  lookahead: 0,
  whiten: false,
  padCrop: 4,
  padMode: 'constant',
  flip: true,
  cutout: 0,
  testTimeAugmentation: 'none',
  precision: 'float32',
  seed: 0,
});

/** What AdamW takes where the recipe is silent: its useful rates are a hundredth of SGD's. */
const ADAMW_DEFAULTS = { learningRate: 1e-3, weightDecay: 0.05 };

/** The fewest steps that a run should have, and the smallest batches that it takes to have them. */
const FEWEST_STEPS = 100;
const SMALLEST_BATCH = 32;

/**
 * The batch size of a run whose recipe names none: `largest`, and halves of it where that leaves fewer than 100 steps,
 * as so few teach a model next to nothing; never more than there are images.
 *
 * @param smallest the smallest half that is taken
 */
export function batchSizeFor(
  images: number,
  epochs: number,
  { largest = DEFAULT_RECIPE.batchSize, smallest = SMALLEST_BATCH } = {},
): number {
  let size = largest;
  while (size >= 2 * smallest && Math.floor(images / size) * epochs < FEWEST_STEPS) size /= 2;
  return Math.max(1, Math.min(size, images));
}

/**
 * A whole, checked recipe from the parts that were given.
 *
 * @param images number of training images, where it is known: a run of few steps then has smaller batches, see
 *   {@link batchSizeFor}
 * @throws InvalidArgumentError naming the first option that cannot be used
 *
 * @example
 * resolveRecipe({ epochs: 10, optimizer: 'adamw' }).learningRate; // 0.001
 */
export function resolveRecipe(given: Partial<Recipe> = {}, images?: number): Recipe {
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  for (const key of Object.keys(named)) {
    if (!Object.hasOwn(DEFAULT_RECIPE, key)) throw unknownChoice('recipe', key, Object.keys(DEFAULT_RECIPE));
  }
  const chosen: Recipe = {
    ...DEFAULT_RECIPE,
    ...(given.optimizer === 'adamw' ? ADAMW_DEFAULTS : {}),
    ...named,
  };
  wholeFrom('epochs', chosen.epochs, 1);
  const isSized = images === undefined || given.batchSize !== undefined;
  const recipe = isSized ? chosen : { ...chosen, batchSize: batchSizeFor(images, chosen.epochs) };
  wholeFrom('batchSize', recipe.batchSize, 1);
  oneOf('optimizer', recipe.optimizer, OPTIMIZERS);
  oneOf('schedule', recipe.schedule, SCHEDULES);
  positive('learningRate', recipe.learningRate);
  shareBelowOne('momentum', recipe.momentum);
  numberFrom0('weightDecay', recipe.weightDecay);
  positive('normBiasScale', recipe.normBiasScale);
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
  wholeFrom('lookahead', recipe.lookahead, 0);
  check(recipe.lookahead === 0 || recipe.ema === 0, 'lookahead', '0 where ema is not', recipe.lookahead);
  check(typeof recipe.whiten === 'boolean', 'whiten', 'true or false', recipe.whiten);
  wholeFrom('padCrop', recipe.padCrop, 0);
  oneOf('padMode', recipe.padMode, PAD_MODES);
  wholeFrom('cutout', recipe.cutout, 0);
  const flips = typeof recipe.flip === 'boolean' || recipe.flip === 'alternating';
  check(flips, 'flip', "true, false or 'alternating'", recipe.flip);
  oneOf('testTimeAugmentation', recipe.testTimeAugmentation, TEST_TIME_AUGMENTATIONS);
  oneOf('precision', recipe.precision, PRECISIONS);
  wholeFrom('seed', recipe.seed, 0);
  // One epoch of warm-up is a default for runs that have epochs to spare.
  const warmupEpochs = given.warmupEpochs ?? Math.min(recipe.warmupEpochs, recipe.epochs / 10);
  return { ...recipe, warmupEpochs };
}

/** Settings that a recipe with others of its settings makes no use of, each with the reason. */
export function unusedSettings({
  optimizer,
  schedule,
  padCrop,
}: Pick<Recipe, 'optimizer' | 'schedule' | 'padCrop'>): Partial<Record<keyof Recipe, string>> {
  const hasOwnRise = schedule === 'one-cycle' || schedule === 'triangular';
  return {
    ...(optimizer === 'adamw' && { momentum: 'adamw has none' }),
    ...(hasOwnRise && { warmupEpochs: `the schedule ${schedule} has a rise of its own` }),
    ...(padCrop === 0 && { padMode: 'nothing is padded without random crops' }),
  };
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

function positive(argument: string, value: number): void {
  check(value > 0 && Number.isFinite(value), argument, 'a number above 0', value);
}

function shareBelowOne(argument: string, value: number): void {
  check(Number.isFinite(value) && value >= 0 && value < 1, argument, 'a number from 0 to below 1', value);
}

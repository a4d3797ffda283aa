import { check, unknownChoice } from '../src/errors';
import { IMPLEMENTATIONS, type Implementation } from '../src/ops/strategies';
import { type ImageShape, type VariantDefaults } from './family';

/** What can be chosen of a model of the zoo. */
export interface ModelOptions {
  /** Number of logits; the variant's own by default (10 for the CIFAR ones). */
  numClasses?: number;
  /** `[height, width, channels]` of an image; the variant's own by default. */
  inputShape?: ImageShape;
  /** Makes the initial weights the same each time; without one they differ each time. */
  seed?: number;
  /** The strategy of every convolution; `'auto'` by default. */
  implementation?: Implementation;
  /** Share of the features that dropout takes away before the classifier in training; 0 by default: no dropout. */
  dropRate?: number;
  /** Share of images that the deepest block's branch is dropped for in training, less in earlier ones; 0 by default. */
  dropPathRate?: number;
  /**
   * `false` leaves every weight zero, which takes no time whatever their number: for a model that is given its weights
   * next, or is only counted. `true` by default.
   */
  initialise?: boolean;
  /**
   * `true` makes the model put out the stages of its backbone instead of logits, as detectors and segmenters take them:
   * `[batch, height / stride, width / stride, channels]` each, as {@link featureInfo} lists them. `false` by default.
   */
  features?: boolean;
}

/** {@link ModelOptions} with every default filled in. */
export interface ResolvedOptions extends Required<Omit<ModelOptions, 'seed'>> {
  readonly seed: number | undefined;
}

/** Options checked, and completed from the variant. */
export function resolveOptions(options: ModelOptions, variant: VariantDefaults): ResolvedOptions {
  const { numClasses = variant.numClasses, inputShape = variant.inputShape, seed } = options;
  const { implementation = 'auto', dropRate = 0, dropPathRate = 0 } = options;
  const { initialise = true, features = false } = options;
  const whole = (value: unknown, least: number) => Number.isSafeInteger(value) && (value as number) >= least;
  check(whole(numClasses, 1), 'numClasses', 'a whole number of at least 1', numClasses);
  check(
    Array.isArray(inputShape) && inputShape.length === 3 && inputShape.every((length) => whole(length, 1)),
    'inputShape',
    '[height, width, channels], each a whole number of at least 1',
    inputShape,
  );
  check(seed === undefined || Number.isSafeInteger(seed), 'seed', 'a whole number', seed);
  for (const [name, rate] of Object.entries({ dropRate, dropPathRate })) {
    check(rate >= 0 && rate < 1, name, 'a number of at least 0 and below 1', rate);
  }
  check(typeof features === 'boolean', 'features', 'true or false', features);
  if (!IMPLEMENTATIONS.includes(implementation)) {
    throw unknownChoice('implementation', implementation, IMPLEMENTATIONS);
  }
  return { numClasses, inputShape, seed, implementation, dropRate, dropPathRate, initialise, features };
}

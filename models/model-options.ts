import { type OptionNames } from '../src/check-options';
import { check, unknownChoice } from '../src/errors';
import { IMPLEMENTATIONS, type Implementation } from '../src/ops/strategies';
import { type ImageShape, type VariantDefaults, type VariantOptions } from './family';

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
  /**
   * Groups of the 3x3 convolutions in the blocks of a ResNeXt, a dense twin or an SE-ResNeXt: its cardinality. A divisor of
   * `width`; the variant's own by default. Other families refuse it.
   */
  groups?: number;
  /**
   * Channels inside the blocks of the first stage, all groups together, of a ResNeXt, a dense twin or an SE-ResNeXt; they
   * double a stage, and what stages put out stays. Of a MobileNet V1, the channels that its first block puts out, an even
   * number; all others keep their ratio to them. The variant's own by default. Other families refuse it.
   */
  width?: number;
  /**
   * Where convolutions with a stride have their zeros: `symmetric` as PyTorch's, as many at the start as at the end, or
   * `same` as TensorFlow's, more at the end. Weights that were trained with the one compute something else with the other.
   * Only of the families that Keras publishes with `same`; `symmetric` by default.
   */
  padType?: PadType;
  /**
   * What batch norm adds to variances: 0.001 in the models of Keras that take a `padType`. The family's own, which is
   * PyTorch's, by default.
   */
  normEpsilon?: number;
}

/** The names of {@link ModelOptions}. */
export const MODEL_OPTIONS: OptionNames<ModelOptions> = {
  numClasses: true,
  inputShape: true,
  seed: true,
  implementation: true,
  dropRate: true,
  dropPathRate: true,
  initialise: true,
  features: true,
  groups: true,
  width: true,
  padType: true,
  normEpsilon: true,
};

/** What {@link ModelOptions.padType} may be; timm calls it `pad_type`, and names models that have it `tf_…`. */
export const PAD_TYPES = ['symmetric', 'same'] as const;
export type PadType = (typeof PAD_TYPES)[number];

/** {@link ModelOptions} with every default filled in, but for those that a variant is chosen by. */
export interface ResolvedOptions extends Required<
  Omit<ModelOptions, 'seed' | 'normEpsilon' | keyof VariantOptions>
> {
  readonly seed: number | undefined;
  readonly normEpsilon: number | undefined;
}

/** The most classes, pixels a side or channels: beyond it no layer of weights fits into any memory. */
const MOST = 1_000_000;

/** Options checked, and completed from the variant. */
export function resolveOptions(options: ModelOptions, variant: VariantDefaults): ResolvedOptions {
  const { numClasses = variant.numClasses, inputShape = variant.inputShape, seed } = options;
  const { implementation = 'auto', dropRate = 0, dropPathRate = 0 } = options;
  const { initialise = true, features = false, padType = 'symmetric', normEpsilon } = options;
  const whole = (value: unknown, least: number) => Number.isSafeInteger(value) && (value as number) >= least;
  check(whole(numClasses, 1), 'numClasses', 'a whole number of at least 1', numClasses);
  check(numClasses <= MOST, 'numClasses', `at most ${MOST}`, numClasses);
  check(
    Array.isArray(inputShape) && inputShape.length === 3 && inputShape.every((length) => whole(length, 1)),
    'inputShape',
    '[height, width, channels], each a whole number of at least 1',
    inputShape,
  );
  check(Math.max(...inputShape) <= MOST, 'inputShape', `lengths of at most ${MOST}`, inputShape);
  check(seed === undefined || Number.isSafeInteger(seed), 'seed', 'a whole number', seed);
  for (const [name, rate] of Object.entries({ dropRate, dropPathRate })) {
    check(rate >= 0 && rate < 1, name, 'a number of at least 0 and below 1', rate);
  }
  check(typeof features === 'boolean', 'features', 'true or false', features);
  if (!IMPLEMENTATIONS.includes(implementation)) {
    throw unknownChoice('implementation', implementation, IMPLEMENTATIONS);
  }
  if (!PAD_TYPES.includes(padType)) throw unknownChoice('padType', padType, PAD_TYPES);
  check(normEpsilon === undefined || normEpsilon > 0, 'normEpsilon', 'a number above 0', normEpsilon);
  return {
    numClasses,
    inputShape,
    seed,
    implementation,
    dropRate,
    dropPathRate,
    initialise,
    features,
    padType,
    normEpsilon,
  };
}

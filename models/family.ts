import type * as tf from '@tensorflow/tfjs';
import { type ModelBuilder } from './model-builder';

/** Height, width and channels of one image. */
export type ImageShape = readonly [height: number, width: number, channels: number];

/**
 * Whose definition a network follows, to the parameter: a library's, which has weights for it, or `paper`, where we build
 * it by the paper alone.
 */
export type ModelSource = 'torchvision' | 'timm' | 'Keras' | 'paper';

/** How an image becomes the model's input, as torchvision's presets for evaluation do it. Lengths in pixels. */
export interface Crop {
  /** Length that the shorter side is scaled to. */
  readonly resize: number;
  /** Side of the square that is then cut out of the centre. */
  readonly size: number;
}

/** How pixels between pixels are had when an image is scaled. */
export type Interpolation = 'bilinear' | 'bicubic';

/** What a variant's table entry may say beside what its build function asks for. */
export interface VariantDefaults {
  /** The images that the variant is meant for. */
  readonly inputShape: ImageShape;
  /** The classes that it tells apart unless told otherwise. */
  readonly numClasses: number;
  /** The variant that is the same network with one group. */
  readonly denseTwin?: string;
  /** Where it is left out: `torchvision` for the images of ImageNet, `paper` for smaller ones. */
  readonly source?: ModelSource;
  /** Mean of each channel, of pixels scaled to [0, 1]; ImageNet's, or CIFAR-10's for smaller images, by default. */
  readonly mean?: readonly number[];
  /** Standard deviation of each channel, likewise. */
  readonly std?: readonly number[];
  /** The centre 7/8 of images of ImageNet, such as 224 of 256 pixels, and all of smaller ones by default. */
  readonly crop?: Crop;
  /** `bilinear` by default. */
  readonly interpolation?: Interpolation;
}

/** Numbers of a variant that may be chosen otherwise, in the families that have them. */
export interface VariantOptions {
  /** Groups of the 3x3 convolutions: their cardinality. */
  readonly groups?: number;
  /** Channels of the first stage, which those of the others follow. */
  readonly width?: number;
}

/** The options of {@link VariantOptions} that a family takes, each of which replaces the variant's number of that name. */
export interface OwnOptions<Variant> {
  readonly names: readonly (keyof VariantOptions & keyof Variant)[];
  /**
   * Throws InvalidArgumentError for numbers that do not go together.
   *
   * @param variant with the chosen numbers
   * @param chosen what the caller asked for
   */
  check(variant: Variant, chosen: VariantOptions): void;
}

/** One architecture: where it comes from, its variants, and how one of them is built. */
export interface Family<Name extends string = string> {
  readonly title: string;
  readonly paper: string;
  readonly variants: Readonly<Record<Name, VariantDefaults>>;
  /** The options of {@link VariantOptions} that its models take. */
  readonly takes: readonly (keyof VariantOptions)[];
  /** Whether Keras publishes it, padded as TensorFlow pads by `same`: its models take a `padType`. */
  readonly takesPadType: boolean;
  /** @param chosen of those that the family takes */
  build(builder: ModelBuilder, name: Name, chosen?: VariantOptions): tf.SymbolicTensor;
}

/** The images and the classes of ImageNet. */
export const IMAGENET = { inputShape: [224, 224, 3], numClasses: 1000 } as const;

/** As {@link IMAGENET}, for the weights of torchvision's newer recipe, which crop less. */
export const IMAGENET_CROPPED_LESS = { ...IMAGENET, crop: { resize: 232, size: 224 } } as const;

/** The images and the classes of CIFAR-10. */
export const CIFAR = { inputShape: [32, 32, 3], numClasses: 10 } as const;

/**
 * A family for the registry. `build` receives one entry of `variants` and returns the logits.
 *
 * @example
 * export const plainNet = defineFamily({
 *   title: 'PlainNet',
 *   paper: 'A. Author, "Plain networks", arXiv:0000.00000',
 *   variants: { plain8_cifar: { ...CIFAR, width: 64 } },
 *   build: (b, { width }) => b.classifier(b.relu(b.conv(b.image, 'conv1', { filters: width }), 'relu'), 'fc'),
 * });
 */
export function defineFamily<Name extends string, Variant extends VariantDefaults>(family: {
  title: string;
  paper: string;
  variants: Readonly<Record<Name, Variant>>;
  /** None by default. */
  options?: OwnOptions<Variant>;
  /** `false` by default. */
  takesPadType?: boolean;
  build: (builder: ModelBuilder, variant: Variant) => tf.SymbolicTensor;
}): Family<Name> {
  const { title, paper, variants, options, takesPadType = false } = family;
  return {
    title,
    paper,
    variants,
    takes: options?.names ?? [],
    takesPadType,
    build(builder, name, chosen = {}) {
      const variant = { ...variants[name], ...chosen };
      options?.check(variant, chosen);
      return family.build(builder, variant);
    },
  };
}

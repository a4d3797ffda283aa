import { CIFAR10_MEAN, CIFAR10_STD } from '../src/data/cifar10-facts';
import { type Crop, type Interpolation, type ModelSource, type VariantDefaults } from './family';

/** What a model's weights expect of an image. */
export interface Preprocessing {
  /** Mean of each channel, of pixels scaled to [0, 1]; the input is `(pixel - mean) / std`. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel, likewise. */
  readonly std: readonly number[];
  readonly crop: Crop;
  readonly interpolation: Interpolation;
}

/** Red, green and blue over the training images of ImageNet, as torchvision's and timm's weights expect them. */
export const IMAGENET_MEAN: readonly number[] = [0.485, 0.456, 0.406];
export const IMAGENET_STD: readonly number[] = [0.229, 0.224, 0.225];

/** Images up to this height are CIFAR's kind: no stem that throws pixels away, no margin to crop. */
const LARGEST_SMALL_IMAGE = 64;

/** Whether a variant is for images of CIFAR's size rather than ImageNet's. */
export function isForSmallImages({ inputShape: [height] }: Pick<VariantDefaults, 'inputShape'>): boolean {
  return height <= LARGEST_SMALL_IMAGE;
}

/** What a variant says of its images, completed by what is usual for their size. */
export function preprocessing(variant: VariantDefaults): Preprocessing {
  const small = isForSmallImages(variant);
  const [size] = variant.inputShape;
  const {
    mean = small ? CIFAR10_MEAN : IMAGENET_MEAN,
    std = small ? CIFAR10_STD : IMAGENET_STD,
    crop = { resize: small ? size : Math.round((size * 8) / 7), size },
    interpolation = 'bilinear',
  } = variant;
  return { mean, std, crop, interpolation };
}

/** Whose network a variant is. */
export function sourceOf(variant: VariantDefaults): ModelSource {
  return variant.source ?? (isForSmallImages(variant) ? 'paper' : 'torchvision');
}

/** CIFAR-10's classes, in the order of their numbers. */
export const CIFAR10_CLASS_NAMES: readonly string[] = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

/** Training images of CIFAR-10, those that a run holds out for validation among them. */
export const CIFAR10_TRAIN_IMAGES = 50_000;

/** Mean of red, green and blue over the 50,000 training images, of pixels scaled to [0, 1]. */
export const CIFAR10_MEAN: readonly number[] = [0.4914, 0.4822, 0.4465];

/** Standard deviation of red, green and blue over the 50,000 training images, of pixels scaled to [0, 1]. */
export const CIFAR10_STD: readonly number[] = [0.247, 0.2435, 0.2616];

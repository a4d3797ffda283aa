import * as tf from '@tensorflow/tfjs';

export const TEST_TIME_AUGMENTATIONS = ['none', 'flip', 'flip-shift'] as const;
export type TestTimeAugmentation = (typeof TEST_TIME_AUGMENTATIONS)[number];

/** What a batch of images looks like from one side, and how much it counts. */
export interface View {
  readonly images: tf.Tensor4D;
  /** The weights of all views add up to 1. */
  readonly weight: number;
}

/**
 * The views of a batch `[count, height, width, channels]` whose logits are averaged: the images, and with `flip` their mirror
 * images; with `flip-shift` both also moved by a pixel up and left, and down and right, which together count half.
 *
 * To be called in a `tf.tidy`. The views are those of Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024.
 */
export function testTimeViews(images: tf.Tensor4D, augmentation: TestTimeAugmentation): View[] {
  switch (augmentation) {
    case 'none':
      return [{ images, weight: 1 }];
    case 'flip':
      return mirrored(images, 1);
    case 'flip-shift': {
      const [count, height, width, channels] = images.shape;
      // The image goes on behind its border as in a mirror.
      const sides: [number, number][] = [[0, 0], [1, 1], [1, 1], [0, 0]]; // prettier-ignore
      const padded = tf.mirrorPad(images, sides, 'reflect');
      const shifted = (from: number): tf.Tensor4D =>
        tf.slice4d(padded, [0, from, from, 0], [count, height, width, channels]);
      return [...mirrored(images, 0.5), ...mirrored(shifted(0), 0.25), ...mirrored(shifted(2), 0.25)];
    }
  }
}

function mirrored(images: tf.Tensor4D, weight: number): View[] {
  return [images, tf.reverse(images, 2)].map((view) => ({ images: view, weight: weight / 2 }));
}

import { createRequire } from 'node:module';

import type { ImageDataset } from '../../src/data/image-dataset';
import type { Prediction } from './predict-images';

/** A test image and what a model makes of it. */
export interface ExampleImage {
  /** Where it stands among the test images, from 0. */
  readonly index: number;
  readonly trueClass: string;
  readonly predictedClass: string;
  /** The softmax of the predicted class, from 0 to 1. */
  readonly confidence: number;
  /** A PNG as a data URI. */
  readonly png: string;
}

const WRONG = 8;
const RIGHT = 4;
/** Larger images are scaled to this side, in pixels. */
const MOST_PIXELS = 96;

// sharp loads a native library, which a report without images can do without.
const requireWhenNeeded = createRequire(__filename);

/**
 * The mistakes that a model is surest of, and a few images that it gets right: the surest of a class each.
 *
 * @param predictions one for each image of `dataset`, in its order
 */
export async function chooseExamples(
  predictions: readonly Prediction[],
  dataset: ImageDataset,
): Promise<{ wrong: ExampleImage[]; right: ExampleImage[] }> {
  const ranked = predictions
    .map((prediction, index) => ({ ...prediction, index, label: dataset.labels[index] }))
    .sort((a, b) => b.confidence - a.confidence || a.index - b.index);
  const wrong = ranked.filter(({ label, predicted }) => label !== predicted).slice(0, WRONG);
  const hits = ranked.filter(({ label, predicted }) => label === predicted);
  const right = hits
    .filter(({ label }, rank) => hits.findIndex((other) => other.label === label) === rank)
    .slice(0, RIGHT);
  const show = ({ index, label, predicted, confidence }: (typeof ranked)[number]): Promise<ExampleImage> =>
    pngOf(dataset, index).then((png) => ({
      index,
      trueClass: dataset.classNames[label],
      predictedClass: dataset.classNames[predicted],
      confidence,
      png,
    }));
  return { wrong: await Promise.all(wrong.map(show)), right: await Promise.all(right.map(show)) };
}

async function pngOf({ images, imageShape }: ImageDataset, index: number): Promise<string> {
  const sharp = requireWhenNeeded('sharp') as typeof import('sharp');
  const [height, width, channels] = imageShape;
  const size = height * width * channels;
  const png = await sharp(images.subarray(index * size, (index + 1) * size), {
    raw: { width, height, channels: channels as 1 | 3 },
  })
    .resize(MOST_PIXELS, MOST_PIXELS, { fit: 'inside', withoutEnlargement: true })
    .png({ compressionLevel: 9 })
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}

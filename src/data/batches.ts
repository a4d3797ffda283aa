import { checkDatasetKind } from '../check-kinds';
import { checkOptions, type OptionNames } from '../check-options';
import { check } from '../errors';
import { checkAugmentation, imageWriter, type Augmentation } from './augmentation';
import { checkDataset } from './check-dataset';
import type { ImageDataset } from './image-dataset';
import { seededRandom } from './random';

/** What one training or evaluation step takes. The arrays are its own: no later batch reuses them. */
export interface Batch {
  /** `[count, height, width, channels]`: (pixel / 255 - mean) / std, channel by channel. */
  readonly images: Float32Array;
  /** `[count]`, class indices. */
  readonly labels: Int32Array;
  /** `[count]`, where each image stands in the dataset. */
  readonly indices: Int32Array;
  readonly count: number;
}

export interface BatchOptions {
  batchSize: number;
  /** Whether the images come in random order, another one each epoch; default false. */
  shuffle?: boolean;
  /** Whether and how images are varied; default not at all. */
  augmentation?: Augmentation;
  /** Governs order and augmentation, together with `epoch`; default 0. */
  seed?: number;
  /** Counted from 0; any epoch can be had without those before it. Default 0. */
  epoch?: number;
  /** Batches to leave out at the start of the epoch, for a run that resumes within one; default 0. */
  skip?: number;
  /** Whether a last batch smaller than `batchSize` is left out; default false. */
  dropRemainder?: boolean;
}

const OPTIONS: OptionNames<BatchOptions> = {
  batchSize: true,
  shuffle: true,
  augmentation: true,
  seed: true,
  epoch: true,
  skip: true,
  dropRemainder: true,
};

/**
 * The batches of one epoch, normalised and in NHWC order; every image comes once.
 *
 * A batch is a function of the dataset and the options alone, and what augmentation does to an image depends on
 * (seed, epoch, index) and not on the batch size.
 *
 * @throws InvalidArgumentError at the call, before the first batch, when an option is out of range or the dataset's
 *   arrays do not fit together
 *
 * @example
 * for (const batch of batches(train, { batchSize: 64, shuffle: true, seed: 1, epoch, augmentation: { padCrop: 4, flip: true } })) {
 *   const images = tf.tensor4d(batch.images, [batch.count, ...train.imageShape]);
 *   // …
 * }
 */
export function batches(dataset: ImageDataset, options: BatchOptions): Generator<Batch, void, undefined> {
  checkDatasetKind('dataset', dataset);
  checkOptions('batches', options, OPTIONS);
  const { batchSize, seed = 0, epoch = 0, skip = 0, augmentation = {} } = options;
  checkDataset(dataset, 'dataset');
  check(
    Number.isInteger(batchSize) && batchSize >= 1,
    'batchSize',
    'a whole number of at least 1',
    batchSize,
  );
  check(Number.isSafeInteger(seed), 'seed', 'a whole number', seed);
  check(Number.isInteger(epoch) && epoch >= 0, 'epoch', 'a whole number of at least 0', epoch);
  check(Number.isInteger(skip) && skip >= 0, 'skip', 'a whole number of at least 0', skip);
  checkAugmentation(augmentation, dataset.imageShape);
  return generate(dataset, options);
}

/**
 * How many batches {@link batches} yields with these options.
 *
 * @example
 * batchCount(50_000, { batchSize: 64 }); // 782, the last one of 16 images
 */
export function batchCount(
  imageCount: number,
  options: Pick<BatchOptions, 'batchSize' | 'dropRemainder' | 'skip'>,
): number {
  const { batchSize, dropRemainder = false, skip = 0 } = options;
  const whole = dropRemainder ? Math.floor(imageCount / batchSize) : Math.ceil(imageCount / batchSize);
  return Math.max(0, whole - skip);
}

function* generate(dataset: ImageDataset, options: BatchOptions): Generator<Batch, void, undefined> {
  const { batchSize, seed = 0, epoch = 0, skip = 0, shuffle = false, dropRemainder = false } = options;
  const { imageShape, count, labels } = dataset;
  const size = imageShape[0] * imageShape[1] * imageShape[2];
  const writeImage = imageWriter(dataset, options.augmentation ?? {}, seed, epoch);
  const order = shuffle ? shuffledIndices(count, seed, epoch) : ascendingIndices(count);
  const end = dropRemainder ? count - (count % batchSize) : count;

  for (let start = skip * batchSize; start < end; start += batchSize) {
    const indices = order.slice(start, Math.min(start + batchSize, end));
    const images = new Float32Array(indices.length * size);
    for (let i = 0; i < indices.length; i++) writeImage(indices[i], images, i * size);
    yield {
      images,
      labels: Int32Array.from(indices, (index) => labels[index]),
      indices,
      count: indices.length,
    };
  }
}

function ascendingIndices(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => index);
}

function shuffledIndices(count: number, seed: number, epoch: number): Int32Array {
  const order = ascendingIndices(count);
  const random = seededRandom(seed, epoch);
  for (let last = count - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const index = order[last];
    order[last] = order[other];
    order[other] = index;
  }
  return order;
}

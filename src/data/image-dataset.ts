import { checkDatasetKind } from '../check-kinds';
import { checkOptions, type OptionNames } from '../check-options';
import { check, invalidArgument } from '../errors';
import { checkDataset } from './check-dataset';
import { seededRandom } from './random';

/**
 * Labelled images of one size, held as bytes: 8 bits a channel, the channels of a pixel side by side.
 * Nothing here needs Node, so a page in a browser can make one from whatever it has decoded.
 */
export interface ImageDataset {
  /** What messages and result files call it: `cifar10/train`. */
  readonly name: string;
  /** `[count, height, width, channels]`, row-major. */
  readonly images: Uint8Array;
  /** `[count]`, each an index into `classNames`. */
  readonly labels: Uint8Array;
  readonly count: number;
  readonly imageShape: readonly [height: number, width: number, channels: number];
  readonly classNames: readonly string[];
  /** For each channel, the mean of the training pixels scaled to [0, 1]. */
  readonly mean: readonly number[];
  /** For each channel, the standard deviation of the training pixels scaled to [0, 1]. */
  readonly std: readonly number[];
}

/** Images taken out of another dataset; `indices[i]` is where image `i` stands in that one. */
export interface ImageSubset extends ImageDataset {
  /** `[count]`, ascending, without repeats. */
  readonly indices: Int32Array;
}

export interface SubsetOptions {
  /** How many images in all. */
  count: number;
  /** The same seed takes the same images. */
  seed: number;
  /** Images of `dataset` that must not be taken, by index: those of a training subset, for example. */
  exclude?: ArrayLike<number>;
}

const SUBSET_OPTIONS: OptionNames<SubsetOptions> = {
  count: true,
  seed: true,
  exclude: true,
};

/** What {@link split} is told. */
export interface SplitOptions {
  /** How many images validate. */
  validation: number;
  /** The same seed takes the same images. */
  seed: number;
}

const SPLIT_OPTIONS: OptionNames<SplitOptions> = { validation: true, seed: true };

/**
 * A random subset in which no class has more than one image more than another.
 *
 * Where `count` does not divide by the number of classes, the seed also draws the classes that get one more.
 *
 * @throws InvalidArgumentError when `count` is not a whole number from 1 to what the scarcest class allows, `exclude`
 *   names an image that is not there, or the dataset's arrays do not fit together
 *
 * @example
 * const train = subset(cifar10.train, { count: 10_000, seed: 1 });
 * const validation = subset(cifar10.train, { count: 1_000, seed: 1, exclude: train.indices });
 */
export function subset(dataset: ImageDataset, options: SubsetOptions): ImageSubset {
  checkDatasetKind('dataset', dataset);
  checkOptions('subset', options, SUBSET_OPTIONS);
  const { count, seed, exclude = [] } = options;
  checkDataset(dataset, 'dataset');
  check(Number.isSafeInteger(seed), 'seed', 'a whole number', seed);
  const byClass = indicesByClass(dataset, exclude);

  const scarcest = Math.min(...byClass.map((indices) => indices.length));
  const most = byClass.reduce((sum, indices) => sum + Math.min(indices.length, scarcest + 1), 0);
  if (!Number.isInteger(count) || count < 1 || count > most) {
    const names = dataset.classNames;
    const scarce = names[byClass.findIndex((indices) => indices.length === scarcest)];
    const left = exclude.length === 0 ? '' : ` left after ${exclude.length} excluded`;
    throw invalidArgument(
      'count',
      `a whole number from 1 to ${most}, since '${scarce}' has ${scarcest} images${left} in ${dataset.name}`,
      count,
    );
  }

  const random = seededRandom(seed, dataset.count, byClass.length);
  const quota = Math.floor(count / byClass.length);
  const roomy = byClass.filter((indices) => indices.length > quota);
  const withOneMore = new Set(draw(roomy, count % byClass.length, random.below));
  const taken = byClass.flatMap((indices) =>
    draw(indices, quota + (withOneMore.has(indices) ? 1 : 0), random.below),
  );
  return select(dataset, taken);
}

/**
 * A class-balanced validation subset, and everything else to train on.
 *
 * @throws InvalidArgumentError as {@link subset} does
 *
 * @example
 * const { train, validation } = split(cifar10.train, { validation: 5_000, seed: 1 });
 */
export function split(
  dataset: ImageDataset,
  options: SplitOptions,
): { train: ImageSubset; validation: ImageSubset } {
  checkDatasetKind('dataset', dataset);
  checkOptions('split', options, SPLIT_OPTIONS);
  const validation = subset(dataset, { count: options.validation, seed: options.seed });
  const held = new Set(validation.indices);
  const rest = Array.from({ length: dataset.count }, (_, index) => index).filter((index) => !held.has(index));
  return { train: select(dataset, rest), validation };
}

/** A copy of the images at `indices`, in ascending order. */
function select(dataset: ImageDataset, indices: readonly number[]): ImageSubset {
  const [height, width, channels] = dataset.imageShape;
  const size = height * width * channels;
  const sorted = Int32Array.from(indices).sort();
  const images = new Uint8Array(sorted.length * size);
  // Who writes JavaScript may bring other arrays than bytes, and then more classes than those can number.
  const isBytes = dataset.classNames.length <= 256;
  const labels = (isBytes ? new Uint8Array(sorted.length) : new Int32Array(sorted.length)) as Uint8Array;
  sorted.forEach((index, position) => {
    images.set(dataset.images.subarray(index * size, (index + 1) * size), position * size);
    labels[position] = dataset.labels[index];
  });
  return { ...dataset, images, labels, count: sorted.length, indices: sorted };
}

function indicesByClass(dataset: ImageDataset, exclude: ArrayLike<number>): number[][] {
  const excluded = new Uint8Array(dataset.count);
  for (let i = 0; i < exclude.length; i++) {
    const index = exclude[i];
    const known = Number.isInteger(index) && index >= 0 && index < dataset.count;
    check(known, `exclude[${i}]`, `an index below the ${dataset.count} images of ${dataset.name}`, index);
    excluded[index] = 1;
  }
  const byClass: number[][] = dataset.classNames.map(() => []);
  for (let index = 0; index < dataset.count; index++) {
    if (excluded[index] === 0) byClass[dataset.labels[index]].push(index);
  }
  return byClass;
}

/** `count` of the items without replacement: the first steps of a Fisher-Yates shuffle, on a copy. */
function draw<T>(items: readonly T[], count: number, below: (bound: number) => number): T[] {
  const pool = items.slice();
  for (let i = 0; i < count; i++) {
    const other = i + below(pool.length - i);
    [pool[i], pool[other]] = [pool[other], pool[i]];
  }
  return pool.slice(0, count);
}

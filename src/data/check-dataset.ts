import { check, invalidArgument } from '../errors';
import type { ImageDataset } from './image-dataset';

/**
 * Throws an InvalidArgumentError that names what is wrong with a dataset, which may come from a caller's own code:
 * arrays of the wrong kind or length, a label that is no class, a deviation of 0.
 *
 * The arrays may hold more images than `count`, which are then passed over.
 *
 * @param argument what the caller knows the dataset as: `data.train`
 */
export function checkDataset(dataset: ImageDataset, argument: string): void {
  const isObject = typeof dataset === 'object' && dataset !== null;
  const members = 'name, images, labels, count, imageShape, classNames, mean and std';
  check(isObject, argument, `an object of ${members}`, classOf(dataset));
  checkShape(dataset, argument);
  checkClassNames(dataset, argument);
  checkNormalisation(dataset, argument);
  checkArrays(dataset, argument);
  checkLabels(dataset, argument);
}

/** Throws an InvalidArgumentError unless `other` has the classes of `dataset`, in their order. */
export function checkSameClasses(dataset: ImageDataset, other: ImageDataset, argument: string): void {
  const [names, others] = [dataset.classNames, other.classNames];
  const expected = `the ${names.length} classes of ${dataset.name}`;
  check(others.length === names.length, `${argument}.classNames`, expected, others.length);
  const wrong = names.findIndex((name, i) => name !== others[i]);
  if (wrong < 0) return;
  const wanted = `'${names[wrong]}', as in ${dataset.name}`;
  throw invalidArgument(`${argument}.classNames[${wrong}]`, wanted, others[wrong]);
}

function checkShape({ imageShape }: ImageDataset, argument: string): void {
  const isLength = (length: unknown): boolean => Number.isSafeInteger(length) && Number(length) >= 1;
  const fits = Array.isArray(imageShape) && imageShape.length === 3 && imageShape.every(isLength);
  check(fits, `${argument}.imageShape`, 'height, width and channels, each at least 1', imageShape);
}

function checkClassNames({ classNames }: ImageDataset, argument: string): void {
  const isList = Array.isArray(classNames) && classNames.length >= 1;
  check(isList, `${argument}.classNames`, 'an array of at least one name', classNames);
  const wrong = classNames.findIndex((name) => typeof name !== 'string');
  check(wrong < 0, `${argument}.classNames[${wrong}]`, 'a name', classNames[wrong]);
}

function checkNormalisation({ mean, std, imageShape }: ImageDataset, argument: string): void {
  const channels = imageShape[2];
  for (const [name, values] of Object.entries({ mean, std })) {
    const isList = Array.isArray(values) && values.length === channels;
    const expected = `an array of ${channels} numbers, one for each channel`;
    check(isList, `${argument}.${name}`, expected, values);
    const isRight = (value: unknown): boolean =>
      Number.isFinite(value) && (name === 'mean' || Number(value) > 0);
    const wrong = values.findIndex((value) => !isRight(value));
    const range = name === 'mean' ? 'a number' : 'a number above 0';
    check(wrong < 0, `${argument}.${name}[${wrong}]`, range, values[wrong]);
  }
  // Both may be numbers of their own and make infinity, or less than float32 tells apart, of a pixel.
  const lost = mean.findIndex((center, channel) => {
    const [black, white] = [0, 1].map((pixel) => Math.fround((pixel - center) / std[channel]));
    return !Number.isFinite(black) || !Number.isFinite(white) || black === white;
  });
  const expected = 'a mean and a deviation that leave pixels, of 0 to 1, apart and finite in float32';
  check(lost < 0, `${argument}.mean[${lost}] and std[${lost}]`, expected, [mean[lost], std[lost]]);
}

function checkArrays({ images, labels, count, imageShape }: ImageDataset, argument: string): void {
  // Not `instanceof`, which knows no arrays of another realm; a canvas gives clamped ones.
  const isBytes = ['Uint8Array', 'Uint8ClampedArray'].includes(classOf(images));
  check(isBytes, `${argument}.images`, 'a Uint8Array of levels from 0 to 255', classOf(images));
  const isNumbers = Array.isArray(labels) || (ArrayBuffer.isView(labels) && 'length' in labels);
  check(isNumbers, `${argument}.labels`, 'a Uint8Array', classOf(labels));
  const size = imageShape[0] * imageShape[1] * imageShape[2];
  const expected = `${labels.length * size} levels: ${labels.length} images, as there are labels, of [${imageShape.join(', ')}]`;
  check(images.length === labels.length * size, `${argument}.images`, expected, images.length);
  const range = `a whole number from 0 to ${labels.length}, the images that there are`;
  const inRange = Number.isSafeInteger(count) && count >= 0 && count <= labels.length;
  check(inRange, `${argument}.count`, range, count);
}

function checkLabels({ labels, count, classNames, name }: ImageDataset, argument: string): void {
  const most = classNames.length - 1;
  for (let i = 0; i < count; i++) {
    const label: unknown = labels[i];
    // Comparisons alone would let a string pass.
    if (Number.isInteger(label) && Number(label) >= 0 && Number(label) <= most) continue;
    const range = `a whole number from 0 to ${most}, the index of one of the ${classNames.length} classes of ${name}`;
    const fromOne = label === classNames.length && !labels.includes(0);
    const hint = fromOne ? ' (they count from 0; none is 0 here)' : '';
    throw invalidArgument(`${argument}.labels[${i}]`, range + hint, label);
  }
}

/** The class of a value, of whichever realm: `Float32Array`, `Array`, `undefined`. */
function classOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

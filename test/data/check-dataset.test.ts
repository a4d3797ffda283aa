import { batches } from '../../src/data/batches';
import { checkDataset, checkSameClasses } from '../../src/data/check-dataset';
import { split, subset, type ImageDataset } from '../../src/data/image-dataset';
import { InvalidArgumentError } from '../../src/errors';
import { evaluate } from '../../src/train/evaluate';
import { train } from '../../src/train/train';
import { smallDataset, smallModel } from '../train/small-problem';

const sound = smallDataset(6);
const shifted = sound.labels.map((label) => label + 1);

/** What is wrong, and how the error goes on after the argument's name. */
const WRONG: readonly (readonly [string, unknown, string])[] = [
  [
    'labels from 1',
    { labels: shifted },
    '.labels[2]: expected a whole number from 0 to 2, the index of one of',
  ],
  ['labels from 1', { labels: shifted }, '(they count from 0; none is 0 here). Received: 3.'],
  ['a label of many', { labels: Uint8Array.of(0, 1, 2, 0, 200, 201) }, '.labels[4]: expected a whole number'],
  ['a negative label', { labels: Int32Array.of(0, -1, 2, 0, 1, 2) }, '.labels[1]: expected a whole number'],
  [
    'a fractional label',
    { labels: Float32Array.of(0, 1, 2, 0.5, 1, 2) },
    '.labels[3]: expected a whole number',
  ],
  ['no number as a label', { labels: [0, NaN, 2, 0, 1, 2] }, '.labels[1]: expected a whole number'],
  ['a name as a label', { labels: ['0', 1, 2, 0, 1, 2] }, '.labels[0]: expected a whole number'],
  [
    'one-hot labels',
    { labels: new Float32Array(18) },
    '.images: expected 3456 levels: 18 images, as there are',
  ],
  ['no labels', { labels: undefined }, ".labels: expected a Uint8Array. Received: 'Undefined'."],
  ['a count beyond the arrays', { count: 7 }, '.count: expected a whole number from 0 to 6, the images that'],
  ['a fractional count', { count: 2.5 }, '.count: expected a whole number'],
  ['a count below 0', { count: -1 }, '.count: expected a whole number'],
  [
    'too few pixels',
    { images: sound.images.slice(1) },
    '.images: expected 1152 levels: 6 images, as there are',
  ],
  ['pixels of another shape', { imageShape: [4, 8, 3] }, '.images: expected 576 levels: 6 images'],
  ['fractions', { images: new Float32Array(1152) }, '.images: expected a Uint8Array of levels from 0 to 255'],
  ['a shape of two', { imageShape: [8, 8] }, '.imageShape: expected height, width and channels'],
  ['a shape of 0', { imageShape: [0, 8, 3] }, '.imageShape: expected height, width and channels'],
  ['no classes', { classNames: [] }, '.classNames: expected an array of at least one name'],
  ['a class without a name', { classNames: ['a', undefined, 'c'] }, '.classNames[1]: expected a name'],
  ['a mean for one channel', { mean: [0.5] }, '.mean: expected an array of 3 numbers, one for each channel'],
  ['no mean', { mean: undefined }, '.mean: expected an array of 3 numbers'],
  ['a mean that is none', { mean: [0, NaN, 0] }, '.mean[1]: expected a number'],
  ['a deviation of 0', { std: [1, 1, 0] }, '.std[2]: expected a number above 0. Received: 0.'],
];

describe('a dataset that does not fit together is refused, the first wrong index named', () => {
  test.each(WRONG)('%s', (_, wrong, message) => {
    const dataset = { ...sound, ...(wrong as ImageDataset) };
    expect(() => checkDataset(dataset, 'data.train')).toThrow(InvalidArgumentError);
    expect(() => checkDataset(dataset, 'data.train')).toThrow(message);
  });

  test.each([undefined, null, 3])('%s in its place', (dataset) => {
    expect(() => checkDataset(dataset as unknown as ImageDataset, 'dataset')).toThrow(
      'dataset: expected an object of name, images, labels, count, imageShape, classNames, mean and std.',
    );
  });
});

describe('what can be computed is taken', () => {
  test.each<[string, unknown]>([
    ['more images than are counted', { count: 4 }],
    ['no images', { count: 0 }],
    ['clamped bytes, as of a canvas', { images: Uint8ClampedArray.from(sound.images) }],
    ['bytes of a file', { images: Buffer.from(sound.images), labels: Buffer.from(sound.labels) }],
    ['other whole numbers as labels', { labels: Int32Array.from(sound.labels) }],
    ['an array of labels', { labels: [...sound.labels] }],
    ['two classes of one name', { classNames: ['crane', 'crane', 'heron'] }],
  ])('%s', (_, part) => {
    expect(() => checkDataset({ ...sound, ...(part as ImageDataset) }, 'dataset')).not.toThrow();
  });

  test('more classes than bytes can number, in a subset too', () => {
    const labels = Int32Array.of(0, 299, 1, 0, 299, 1) as unknown as Uint8Array;
    const classNames = Array.from({ length: 300 }, (_, i) => `class ${i}`);
    const { train: rest } = split({ ...sound, labels, classNames }, { validation: 1, seed: 1 });
    expect([...rest.labels].filter((label) => label === 299).length).toBeGreaterThanOrEqual(1);
  });
});

describe('at every door', () => {
  const wrong = { ...sound, labels: shifted };

  test('train, for its validation images too', async () => {
    const model = smallModel();
    const recipe = { epochs: 1, batchSize: 2 };
    await expect(train(model, { train: wrong }, recipe)).rejects.toThrow('data.train.labels[2]: expected');
    await expect(train(model, { train: sound, validation: wrong }, recipe)).rejects.toThrow(
      'data.validation.labels[2]: expected',
    );
    await expect(train(model, sound as never, recipe)).rejects.toThrow(
      'data: expected an object of `train` and perhaps `validation`, image datasets: { train: dataset }',
    );
    await expect(train(model, undefined as never, recipe)).rejects.toThrow(
      'data: expected an object of `train`',
    );
    const renamed = { ...sound, classNames: ['a', 'c', 'b'] };
    await expect(train(model, { train: sound, validation: renamed }, recipe)).rejects.toThrow(
      "data.validation.classNames[1]: expected 'b', as in small. Received: 'c'.",
    );
    model.dispose();
  });

  test.each([
    ['a deviation of next to 0', { std: [0.2, 1e-320, 0.2] }, 1],
    ['a mean beyond all pixels', { mean: [1e300, 0.5, 0.5] }, 0],
  ])('train, for %s, which would make infinity of pixels', async (_, change, channel) => {
    const model = smallModel();
    const training = train(model, { train: { ...sound, ...change } }, { epochs: 1, batchSize: 2 });
    await expect(training).rejects.toThrow(`data.train.mean[${channel}] and std[${channel}]: expected`);
    await expect(evaluate(model, { ...sound, ...change })).rejects.toThrow(`and std[${channel}]: expected`);
    model.dispose();
  });

  test('evaluate, batches, subset and split', async () => {
    const model = smallModel();
    await expect(evaluate(model, wrong)).rejects.toThrow('dataset.labels[2]: expected');
    await expect(evaluate(model, { ...sound, count: 9 })).rejects.toThrow('dataset.count: expected');
    model.dispose();
    expect(() => batches(wrong, { batchSize: 2 })).toThrow('dataset.labels[2]: expected');
    expect(() => subset(wrong, { count: 3, seed: 1 })).toThrow('dataset.labels[2]: expected');
    expect(() => split(wrong, { validation: 3, seed: 1 })).toThrow('dataset.labels[2]: expected');
  });

  test('classes in other numbers', () => {
    const fewer = { ...sound, classNames: ['a', 'b'] };
    expect(() => checkSameClasses(sound, fewer, 'data.validation')).toThrow(
      'data.validation.classNames: expected the 3 classes of small. Received: 2.',
    );
  });
});

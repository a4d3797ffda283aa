import fc from 'fast-check';
import { batchCount, batches, type Batch, type BatchOptions } from '../../src/data/batches';
import { InvalidArgumentError } from '../../src/errors';
import { madeDataset } from './made-data';

const dataset = madeDataset(Array.from({ length: 23 }, (_, i) => (i * 5) % 3));
const SIZE = 2 * 3 * 3;
const AUGMENTED = { padCrop: 1, flip: true, cutout: 1 };

const all = (options: BatchOptions): Batch[] => [...batches(dataset, options)];
const order = (options: BatchOptions): number[] => all(options).flatMap(({ indices }) => [...indices]);

describe('batches', () => {
  it('brings every image once an epoch, with its label and its pixels', () => {
    fc.assert(
      fc.property(
        fc.record({
          batchSize: fc.integer({ min: 1, max: 30 }),
          shuffle: fc.boolean(),
          seed: fc.integer(),
          epoch: fc.nat(),
        }),
        (options) => {
          const got = all(options);
          expect(got).toHaveLength(batchCount(23, options));
          expect(order(options).sort((a, b) => a - b)).toEqual(Array.from({ length: 23 }, (_, i) => i));
          for (const { images, labels, indices, count } of got) {
            expect([labels.length, images.length]).toEqual([count, count * SIZE]);
            expect([...labels]).toEqual([...indices].map((index) => dataset.labels[index]));
            indices.forEach((index, i) => {
              const green = dataset.images[index * SIZE + 4] / 255;
              expect(images[i * SIZE + 4]).toBeCloseTo((green - 0.25) / 0.5, 5);
            });
          }
        },
      ),
    );
  });

  it('keeps the order of the dataset unless asked to shuffle', () => {
    expect(order({ batchSize: 5, seed: 4, epoch: 2 })).toEqual(Array.from({ length: 23 }, (_, i) => i));
  });

  it('shuffles by seed and epoch, the same each time', () => {
    const shuffled = (seed: number, epoch: number) => order({ batchSize: 5, shuffle: true, seed, epoch });
    expect(shuffled(1, 0)).toEqual(shuffled(1, 0));
    expect(shuffled(1, 0)).not.toEqual(shuffled(1, 1));
    expect(shuffled(1, 0)).not.toEqual(shuffled(2, 0));
    expect(shuffled(1, 0)).not.toEqual(shuffled(0, 1));
  });

  it('reaches all orders about equally often', () => {
    const three = madeDataset([0, 0, 0], [1, 1, 1]);
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 6_000; epoch++) {
      const [{ indices }] = batches(three, { batchSize: 3, shuffle: true, epoch });
      counts.set(indices.join(), (counts.get(indices.join()) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // The 99.9 % point for 5 degrees of freedom.
    expect(chiSquare).toBeLessThan(20.5);
  });

  it('augments an image the same way whatever the batch size', () => {
    const pixels = (batchSize: number) =>
      all({ batchSize, shuffle: true, seed: 3, epoch: 1, augmentation: AUGMENTED }).flatMap(({ images }) => [
        ...images,
      ]);
    expect(pixels(4)).toEqual(pixels(9));
  });

  it('augments otherwise in another epoch', () => {
    const pixels = (epoch: number) => [...all({ batchSize: 23, epoch, augmentation: AUGMENTED })[0].images];
    expect(pixels(0)).not.toEqual(pixels(1));
    expect(pixels(1)).toEqual(pixels(1));
  });

  it('takes up an epoch after the batches it is told to skip', () => {
    const options: BatchOptions = { batchSize: 4, shuffle: true, seed: 3, epoch: 1, augmentation: AUGMENTED };
    expect(all({ ...options, skip: 2 })).toEqual(all(options).slice(2));
    expect(all({ ...options, skip: 9 })).toEqual([]);
  });

  it('leaves out a last batch that is not full, if asked to', () => {
    const counts = (options: BatchOptions) => all(options).map(({ count }) => count);
    expect(counts({ batchSize: 10 })).toEqual([10, 10, 3]);
    expect(counts({ batchSize: 10, dropRemainder: true })).toEqual([10, 10]);
    expect(counts({ batchSize: 24, dropRemainder: true })).toEqual([]);
  });

  it('hands out arrays that later batches leave alone', () => {
    const iterator = batches(dataset, { batchSize: 4 });
    const first = iterator.next().value!;
    const before = [...first.images];
    first.indices.fill(0);
    expect([...iterator.next().value!.indices]).toEqual([4, 5, 6, 7]);
    expect([...first.images]).toEqual(before);
  });

  it.each<[Partial<BatchOptions>, string]>([
    [{ batchSize: 0 }, 'batchSize'],
    [{ batchSize: 1.5 }, 'batchSize'],
    [{ seed: 0.1 }, 'seed'],
    [{ epoch: -1 }, 'epoch'],
    [{ skip: -1 }, 'skip'],
    [{ augmentation: { padCrop: 3 } }, 'padCrop'],
    [{ augmentation: { padCrop: -1 } }, 'padCrop'],
    [{ augmentation: { cutout: 7 } }, 'cutout'],
    [{ augmentation: { cutout: 0.5 } }, 'cutout'],
  ])('refuses %j at the call', (options, argument) => {
    expect(() => batches(dataset, { batchSize: 4, ...options })).toThrow(InvalidArgumentError);
    expect(() => batches(dataset, { batchSize: 4, ...options })).toThrow(`${argument}: expected`);
  });
});

describe('batchCount', () => {
  it('says how many batches there are', () => {
    for (const options of [
      { batchSize: 4 },
      { batchSize: 4, dropRemainder: true },
      { batchSize: 4, skip: 2 },
      { batchSize: 4, skip: 8, dropRemainder: true },
    ]) {
      expect(batchCount(23, options)).toBe(all(options).length);
    }
  });
});

import fc from 'fast-check';
import { InvalidArgumentError } from '../../src/errors';
import { split, subset } from '../../src/data/image-dataset';
import { madeDataset } from './made-data';

const SIZE = 2 * 3 * 3;
const balanced = madeDataset(Array.from({ length: 40 }, (_, i) => (i * 7) % 4));

function perClass(labels: Uint8Array, classes: number): number[] {
  return Array.from({ length: classes }, (_, label) => labels.filter((other) => other === label).length);
}

describe('subset', () => {
  it('takes as many images of each class, and one more of some where it does not come out even', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer(), (count, seed) => {
        const taken = subset(balanced, { count, seed });
        const counts = perClass(taken.labels, 4);
        expect(taken.count).toBe(count);
        expect(counts.reduce((sum, each) => sum + each, 0)).toBe(count);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('holds the images and labels that its indices name, each once, in ascending order', () => {
    const taken = subset(balanced, { count: 11, seed: 3 });
    expect([...taken.indices]).toEqual([...new Set(taken.indices)].sort((a, b) => a - b));
    taken.indices.forEach((index, i) => {
      expect(taken.labels[i]).toBe(balanced.labels[index]);
      expect([...taken.images.slice(i * SIZE, (i + 1) * SIZE)]).toEqual([
        ...balanced.images.slice(index * SIZE, (index + 1) * SIZE),
      ]);
    });
    expect(taken).toMatchObject({ name: 'made/train', imageShape: [2, 3, 3], mean: balanced.mean });
  });

  it('is the same for the same seed and another for another', () => {
    const indices = (seed: number) => [...subset(balanced, { count: 12, seed }).indices];
    expect(indices(1)).toEqual(indices(1));
    expect(indices(1)).not.toEqual(indices(2));
  });

  it('takes nothing that is excluded', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer(), (count, seed) => {
        const first = subset(balanced, { count, seed });
        const second = subset(balanced, { count: 20, seed, exclude: first.indices });
        expect(second.indices.filter((index) => first.indices.includes(index))).toHaveLength(0);
      }),
    );
  });

  it('gives the extra images to classes that have them', () => {
    const uneven = madeDataset([0, 0, 1, 1, 1, 2, 2, 2]);
    for (let seed = 0; seed < 20; seed++) {
      expect(perClass(subset(uneven, { count: 8, seed }).labels, 3)).toEqual([2, 3, 3]);
    }
  });

  it('refuses more than the scarcest class allows, naming it and the most there is', () => {
    const uneven = madeDataset([0, 0, 0, 1, 2, 2]);
    expect(() => subset(uneven, { count: 6, seed: 1 })).toThrow(
      "count: expected a whole number from 1 to 5, since 'class 1' has 1 images in made/train. Received: 6.",
    );
    expect(subset(uneven, { count: 5, seed: 1 }).count).toBe(5);
  });

  it.each([
    [{ count: 0, seed: 1 }, 'count'],
    [{ count: 2.5, seed: 1 }, 'count'],
    [{ count: NaN, seed: 1 }, 'count'],
    [{ count: 4, seed: 0.5 }, 'seed'],
    [{ count: 4, seed: 1, exclude: [3, 40] }, 'exclude[1]'],
    [{ count: 4, seed: 1, exclude: [-1] }, 'exclude[0]'],
  ])('refuses %j', (options, argument) => {
    expect(() => subset(balanced, options)).toThrow(InvalidArgumentError);
    expect(() => subset(balanced, options)).toThrow(`${argument}: expected`);
  });
});

describe('split', () => {
  it('parts the dataset into a balanced validation subset and all the rest', () => {
    const { train, validation } = split(balanced, { validation: 8, seed: 5 });
    expect(perClass(validation.labels, 4)).toEqual([2, 2, 2, 2]);
    expect([...train.indices, ...validation.indices].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, index) => index),
    );
  });
});

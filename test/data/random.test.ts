import fc from 'fast-check';
import { seededRandom } from '../../src/data/random';

const draws = (seeds: number[], count = 8) => {
  const random = seededRandom(...seeds);
  return Array.from({ length: count }, () => random.below(2 ** 32));
};

describe('seededRandom', () => {
  it('gives the same numbers for the same seeds, also after a restart', () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeInteger(), { maxLength: 4 }), (seeds) => {
        const random = seededRandom(99);
        random.below(10);
        random.restart(...seeds);
        expect(Array.from({ length: 8 }, () => random.below(2 ** 32))).toEqual(draws(seeds));
      }),
    );
  });

  it.each([
    ['another seed', [1, 2], [2, 2]],
    ['the seeds in another order', [1, 2], [2, 1]],
    ['one seed more', [1, 2], [1, 2, 0]],
    ['a seed that differs beyond 32 bits', [1], [1 + 2 ** 32]],
    ['a negative seed', [1], [-1]],
  ])('gives other numbers for %s', (_, one, other) => {
    const both = draws(one).filter((value, i) => value === draws(other)[i]);
    expect(both).toEqual([]);
  });

  it('stays below its bound', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, bound) => {
        const value = seededRandom(seed).below(bound);
        expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true);
      }),
    );
  });

  it('is uniform over the first draw of consecutive streams, which is what augmentation uses', () => {
    const counts = new Array<number>(9).fill(0);
    const random = seededRandom();
    for (let image = 0; image < 9_000; image++) {
      random.restart(1, 0, image);
      counts[random.below(9)]++;
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // The 99.9 % point for 8 degrees of freedom.
    expect(chiSquare).toBeLessThan(26.1);
  });
});

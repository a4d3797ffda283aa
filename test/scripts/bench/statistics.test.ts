import { geometricMean, quantile, ratiosPerRound, summarise } from '../../../scripts/bench/statistics';

describe('statistics of timings', () => {
  it('finds the middle, the middle half and the ends, whatever the order', () => {
    expect(summarise([9, 1, 5, 3, 7])).toEqual({ median: 5, q1: 3, q3: 7, min: 1, max: 9 });
  });

  it('interpolates between neighbours', () => {
    expect(quantile([10, 20, 30, 40], 0.25)).toBeCloseTo(17.5);
    expect(quantile([4], 0.75)).toBe(4);
  });

  it('refuses to summarise nothing', () => {
    expect(() => summarise([])).toThrow(RangeError);
  });

  it('says how many times as fast mine is, round by round, and skips rounds that one sat out', () => {
    // In the second round the machine was three times as slow for both.
    expect(ratiosPerRound([10, 30, 10, undefined], [20, 60, undefined, 5])).toEqual([2, 2]);
  });

  it('averages ratios so that twice and half cancel', () => {
    expect(geometricMean([2, 0.5])).toBeCloseTo(1);
  });
});

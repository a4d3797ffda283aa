import { compareMeans } from '../../src/compare/spread';

const sample = (mean: number, variance: number, count: number) => ({
  mean,
  deviation: Math.sqrt(variance),
  count,
});

// Three examples of Welch's test with published p-values: 0.021, 0.149, 0.036 (Wikipedia, "Welch's t-test").
test.each([
  ['p = 0.021', sample(20.8, 7.9, 15), sample(23.0, 3.8, 15), 'beyond'],
  ['p = 0.149', sample(20.6, 9.0, 10), sample(22.1, 0.9, 20), 'within'],
  ['p = 0.036', sample(19.4, 1.4, 10), sample(21.6, 17.1, 20), 'beyond'],
] as const)('%s', (_, a, b, expected) => {
  expect(compareMeans(a, b)).toBe(expected);
  expect(compareMeans(b, a)).toBe(expected);
});

test('two seeds each must lie far apart: 4.3 standard errors', () => {
  // Equal deviations d: the standard error is d, and with 2 degrees of freedom the quantile is 4.303.
  expect(compareMeans(sample(0.7, 1e-4, 2), sample(0.657, 1e-4, 2))).toBe('within');
  expect(compareMeans(sample(0.7, 1e-4, 2), sample(0.656, 1e-4, 2))).toBe('beyond');
});

test('a single run tells nothing of its spread; runs without any spread tell all', () => {
  expect(compareMeans({ mean: 0.7, deviation: undefined, count: 1 }, sample(0.6, 1e-4, 3))).toBe('unknown');
  expect(compareMeans(sample(0.7, 0, 3), sample(0.69, 0, 3))).toBe('beyond');
  expect(compareMeans(sample(0.7, 0, 3), sample(0.7, 0, 3))).toBe('within');
});

import { headline } from '../../../scripts/report/headline';

function group(label: string, accuracies: readonly number[], facts: object = {}) {
  const mean = accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length;
  const squares = accuracies.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    label,
    denseTwin: null,
    runs: accuracies,
    meanAccuracy: mean,
    accuracyDeviation: accuracies.length === 1 ? null : Math.sqrt(squares / (accuracies.length - 1)),
    trainableParameters: 100,
    macs: 1000,
    testImages: 10_000,
    testData: 'cifar10/test',
    ...facts,
  };
}

test('the best is named where it is beyond the spread', () => {
  const [sentence] = headline([group('a', [0.6, 0.601, 0.602]), group('b', [0.7, 0.701, 0.702])]);
  expect(sentence).toBe(
    'b is the most accurate: 70.10 ± 0.10 %, 10.00 points ahead of a, which is beyond the spread between seeds.',
  );
});

test('none is named where the spread explains the difference', () => {
  const close = [group('a', [0.69, 0.7, 0.71]), group('b', [0.685, 0.7, 0.712])];
  expect(headline(close)[0]).toBe(
    'No model is clearly ahead: a has 70.00 ± 1.00 %, and b is within the spread between seeds.',
  );
  expect(headline([...close, group('c', [0.1, 0.11, 0.12])])[0]).toContain('and b is within');
  expect(headline([...close, group('c', [0.69, 0.7, 0.7])])[0]).toContain('and the others are within');
});

test('a single seed is said to leave chance open', () => {
  expect(headline([group('a', [0.67]), group('b', [0.6707])])[0]).toBe(
    'b has the highest accuracy: 67.07 %, 0.07 points ahead of a. A single seed does not tell how much of that is chance.',
  );
});

test('what the best grouped one saves against its dense twin', () => {
  const dense = group('dense', [0.7, 0.701, 0.702], { trainableParameters: 200, macs: 1300 });
  const saving = (accuracies: readonly number[], facts = {}) =>
    headline([group('grouped', accuracies, { denseTwin: 'dense', ...facts }), dense])[1];
  expect(saving([0.6, 0.601, 0.602])).toBe(
    'Against its dense twin dense, grouped has 50 % fewer parameters and 23 % fewer multiply-accumulates, at an accuracy 10.00 points lower, which is beyond the spread between seeds.',
  );
  expect(saving([0.701, 0.702, 0.703])).toContain(
    'at the same accuracy within the spread between seeds (0.10 points higher).',
  );
  expect(saving([0.71])).toContain('an accuracy 0.90 points higher, of which the chance of a single seed');
  expect(saving([0.71], { trainableParameters: 200.2, macs: 1950 })).toContain(
    'as many parameters and 50 % more multiply-accumulates',
  );
  expect(headline([group('grouped', [0.7], { denseTwin: 'elsewhere' }), dense])).toHaveLength(1);
});

test('one group is described, and groups of different test images are not ranked', () => {
  expect(headline([group('a', [0.6, 0.62])])).toEqual([
    'a gets 61.00 ± 1.41 % of the 10,000 test images of cifar10 right, the mean of 2 seeds.',
  ]);
  const flowers = group('b', [0.9], { testData: 'flowers/validation', testImages: 50 });
  expect(headline([flowers])[0]).toBe('b gets 90.00 % of the 50 validation images of flowers right.');
  expect(headline([group('a', [0.6]), flowers])).toEqual([
    'These models were tested on different images, so that their accuracies cannot be compared.',
  ]);
});

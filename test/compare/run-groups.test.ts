import { groupRuns, type RunSummary } from '../../src/compare/run-groups';

function run(label: string, seed: number, testAccuracy: number, more: Partial<RunSummary> = {}): RunSummary {
  return {
    run: `${label}-${seed}`,
    label,
    model: label,
    seed,
    testAccuracy,
    trainableParameters: 10,
    macs: 20,
    trainImages: 30,
    epochs: 2,
    trainSeconds: seed,
    trainImagesPerSecond: 100 * seed,
    ...more,
  };
}

test('runs of a label are one group, by seed, with mean, sample deviation and medians', () => {
  const groups = groupRuns([
    run('b', 3, 0.7),
    run('a', 1, 0.5),
    run('b', 1, 0.6),
    run('b', 2, 0.65),
    run('b', 9, 0.75),
  ]);
  expect(groups.map(({ label, runs }) => [label, runs.map(({ seed }) => seed)])).toEqual([
    ['b', [1, 2, 3, 9]],
    ['a', [1]],
  ]);
  const [b, a] = groups;
  expect(b.meanAccuracy).toBeCloseTo(0.675, 12);
  // 0.6, 0.65, 0.7, 0.75: squares of 0.075, 0.025, 0.025, 0.075 over n - 1 = 3.
  expect(b.accuracyDeviation).toBeCloseTo(Math.sqrt(0.0125 / 3), 12);
  // Between the middle two of 1, 2, 3 and 9: the ninth does not move it.
  expect([b.trainSeconds, b.trainImagesPerSecond]).toEqual([2.5, 250]);
  expect([a.meanAccuracy, a.accuracyDeviation, a.trainSeconds]).toEqual([0.5, undefined, 1]);
});

test.each(['model', 'trainableParameters', 'macs', 'epochs', 'trainImages'] as const)(
  'runs of a label with another %s are no group',
  (key) => {
    const odd = run('a', 2, 0.5, { [key]: key === 'model' ? 'other' : 99 });
    expect(() => groupRuns([run('a', 1, 0.5), odd])).toThrow(
      `runs: expected the same ${key} in all runs of a.`,
    );
  },
);

test('no runs are no groups', () => expect(groupRuns([])).toEqual([]));

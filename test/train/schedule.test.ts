import { createSchedule } from '../../src/train/schedule';

const options = { learningRate: 0.5, totalSteps: 10, warmupSteps: 0 };

function rates(name: Parameters<typeof createSchedule>[0], changes: Partial<typeof options> = {}): number[] {
  const all = { ...options, ...changes };
  const schedule = createSchedule(name, all);
  return Array.from({ length: all.totalSteps }, (_, step) => schedule(step));
}

function expectClose(actual: number[], expected: number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((rate, i) => expect(rate).toBeCloseTo(expected[i], 12));
}

test('one-cycle has the rates of PyTorch 2.15', () => {
  expectClose(
    rates('one-cycle'),
    [
      0.020000000000000018, 0.26, 0.5, 0.47524231600673683, 0.40587282697488153, 0.30563101096814466,
      0.19437098903185537, 0.09412917302511849, 0.024759683993263143, 2e-6,
    ],
  );
});

test.each([1, 2, 3, 4])('one-cycle of %i steps stays finite, above 0 and at most the peak', (totalSteps) => {
  for (const rate of rates('one-cycle', { totalSteps })) {
    expect(rate).toBeGreaterThan(0);
    expect(rate).toBeLessThanOrEqual(0.5);
  }
});

test('cosine halves its rate half-way, and rises linearly before if it is to', () => {
  expectClose(rates('cosine', { totalSteps: 4 }), [
    0.5,
    0.5 * (0.5 + Math.SQRT1_2 / 2),
    0.25,
    0.5 * (0.5 - Math.SQRT1_2 / 2),
  ]);
  expectClose(rates('cosine', { totalSteps: 6, warmupSteps: 4 }), [0.125, 0.25, 0.375, 0.5, 0.5, 0.25]);
});

test('constant is constant after its rise', () => {
  expectClose(rates('constant', { totalSteps: 5, warmupSteps: 2 }), [0.25, 0.5, 0.5, 0.5, 0.5]);
});

test('triangular rises from a fifth to the whole over 23 %, and falls to 7 % towards the end', () => {
  const all = rates('triangular', { totalSteps: 100 });
  expectClose(
    [0, 1, 22, 23, 24, 99].map((step) => all[step]),
    [
      0.1,
      0.5 * (0.2 + 0.8 / 23),
      0.5 * (0.2 + (0.8 * 22) / 23),
      0.5,
      0.5 * (1 - 0.93 / 77),
      0.5 * (0.07 + 0.93 / 77),
    ],
  );
});

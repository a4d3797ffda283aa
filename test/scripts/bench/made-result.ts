import type { Programs } from '../../../scripts/bench/contestants';
import type { PartyMeasurement } from '../../../scripts/bench/measure';
import type { Item, Plan } from '../../../scripts/bench/plan';
import { type Result, resultOf } from '../../../scripts/bench/results';

/** Programs that are never started. */
export const NO_PROGRAMS: Programs = { worker: 'worker.js', python: 'python', threads: 2 };

const contestant = (name: string, title: string) => ({
  name,
  title,
  isPeer: false,
  command: { program: 'none', args: [] },
});
const ours = contestant('cardinal', 'tfjs-cardinal');

/** A result of two parties, worked out from round times, without anything having run. */
export function madeResult(name: string, items: readonly Item[], points?: Plan['charts']): Result {
  const parties = [
    [ours, contestant('stock', 'stock tfjs-node')],
    [ours, contestant('pytorch', 'PyTorch')],
  ];
  const plan: Plan = {
    name,
    title: 'A made result',
    effort: { rounds: 3, turn: 10, slow: 100, slowRounds: 1 },
    groups: [{ parties, items }],
    ...(points && { charts: points }),
  };
  const party = (
    other: string,
    mine: number[],
    theirs: (number | undefined)[],
    bytes: number,
  ): PartyMeasurement => ({
    items: items.map((item) => ({
      item,
      agreements: [{ contestant: other, output: 'y', relativeDifference: 1e-6, bound: 1e-4 }],
      absent: [],
      measurements: [
        { contestant: 'cardinal', times: mine, stepsPerTurn: 2 },
        { contestant: other, times: theirs, stepsPerTurn: 1 },
      ],
    })),
    peakResidentBytes: new Map([
      ['cardinal', 2e9],
      [other, bytes],
    ]),
    versions: new Map([[other, { [other]: '1.0' }]]),
  });
  return resultOf(
    plan,
    [
      [
        party('stock', [10, 20, 30], [40, undefined, undefined], 6e9),
        party('pytorch', [8, 8, 8], [16, 8, 4], 1e9),
      ],
    ],
    {
      date: new Date('2026-01-02T03:04:05Z'),
      machine: { processor: 'A | B', cores: 2, memoryBytes: 2 ** 34, platform: 'linux-x64', flags: ['avx2'] },
      commit: { version: '1.2.3', hash: '0123456789abcdef', isDirty: true },
      threads: 2,
      busyBefore: 0.5,
      matmulGflops: 100,
    },
  );
}

export const TRAINING_ITEM: Item = {
  title: 'resnext_toy',
  work: { kind: 'training', model: 'resnext_toy', network: {}, batch: 64, checkedSteps: 1 },
  flops: 1e9,
  images: 64,
};

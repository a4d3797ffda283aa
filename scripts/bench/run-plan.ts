import { busyShare, thisCommit, thisMachine } from './machine';
import { measureParty, type MeasureHooks, type PartyMeasurement } from './measure';
import { ours, type Programs } from './contestants';
import type { Plan } from './plan';
import { type Result, resultOf } from './results';
import { quantile } from './statistics';

const MATMUL_SIZE = 2048;

/** Measures all of a case: the matrix product first, then group by group. */
export async function runPlan(plan: Plan, programs: Programs, hooks: MeasureHooks = {}): Promise<Result> {
  const date = new Date();
  const busyBefore = await busyShare();
  const matmulGflops = await measureMatmul(plan, programs);
  const groups: PartyMeasurement[][] = [];
  for (const { parties, items } of plan.groups) {
    const measured: PartyMeasurement[] = [];
    for (const party of parties) measured.push(await measureParty(party, items, plan.effort, hooks));
    groups.push(measured);
  }
  const { threads } = programs;
  return resultOf(plan, groups, {
    date,
    machine: thisMachine(),
    commit: thisCommit(),
    threads,
    busyBefore,
    matmulGflops,
  });
}

/** GFLOP/s: what of them a convolution reaches says how much there is still to win. */
async function measureMatmul({ effort }: Plan, programs: Programs): Promise<number> {
  const flops = 2 * MATMUL_SIZE ** 3;
  const item = {
    title: 'matrix product',
    work: { kind: 'matmul', size: MATMUL_SIZE },
    flops,
    images: 1,
  } as const;
  const { items } = await measureParty([ours(programs)], [item], effort);
  const times = items[0].measurements[0].times.filter((time) => time !== undefined);
  return flops / quantile(times, 0.5) / 1e6;
}

/** Turns that a plan takes: what its progress is counted in. */
export function turnsOf({ groups, effort }: Plan): number {
  const pairs = groups.flatMap(({ parties, items }) => items.flatMap(() => parties.flat()));
  return pairs.length * effort.rounds;
}

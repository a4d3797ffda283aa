import { z } from 'zod';
import { OURS } from './contestants';
import type { Commit, Machine } from './machine';
import type { PartyMeasurement, ItemMeasurement } from './measure';
import type { Plan } from './plan';
import { ratiosPerRound, summarise } from './statistics';

const summarySchema = z.object({
  median: z.number(),
  q1: z.number(),
  q3: z.number(),
  min: z.number(),
  max: z.number(),
});

const entrySchema = z.object({
  contestant: z.string(),
  title: z.string(),
  /** Of one step: over the rounds, each the mean of a turn's steps. */
  milliseconds: summarySchema,
  /** Those of each round; `null` for one that it sat out. */
  rounds: z.array(z.number().nullable()),
  stepsPerTurn: z.number(),
  imagesPerSecond: z.number(),
  gflops: z.number(),
  /** Of what the matrix product of the same run reached; `null` without one. */
  shareOfMatmul: z.number().nullable(),
  /** How many times as fast ours is, round by round; `null` for ours. */
  oursIsFaster: summarySchema.nullable(),
  /** The most memory that the process had resident over its group of items. */
  peakResidentBytes: z.number().nullable(),
});

/** The one form in which a case's results are kept. */
export const resultSchema = z.object({
  case: z.string(),
  title: z.string(),
  date: z.string(),
  machine: z.object({
    processor: z.string(),
    cores: z.number(),
    memoryBytes: z.number(),
    platform: z.string(),
    flags: z.array(z.string()),
  }),
  threads: z.number(),
  /** The share of the processors that others kept busy just before. */
  busyBefore: z.number(),
  commit: z.object({ version: z.string(), hash: z.string().nullable(), isDirty: z.boolean() }),
  versions: z.record(z.string(), z.string()),
  effort: z.object({ rounds: z.number(), turn: z.number(), slow: z.number(), slowRounds: z.number() }),
  /** GFLOP/s of a product of two 2048 x 2048 matrices at the start of the case. */
  matmulGflops: z.number().nullable(),
  items: z.array(
    z.object({
      title: z.string(),
      work: z.record(z.string(), z.unknown()),
      flops: z.number(),
      images: z.number(),
      point: z.object({ chart: z.string(), x: z.number() }).nullable(),
      entries: z.array(entrySchema),
      agreements: z.array(
        z.object({
          contestant: z.string(),
          output: z.string(),
          relativeDifference: z.number(),
          bound: z.number(),
        }),
      ),
      absent: z.array(z.object({ contestant: z.string(), reason: z.string(), failed: z.boolean() })),
    }),
  ),
});

export type Result = z.infer<typeof resultSchema>;
export type ResultItem = Result['items'][number];
export type ResultEntry = ResultItem['entries'][number];

/** What a result says besides what was measured. */
export interface Circumstances {
  readonly date: Date;
  readonly machine: Machine;
  readonly commit: Commit;
  readonly threads: number;
  readonly busyBefore: number;
  readonly matmulGflops: number | undefined;
}

/**
 * A case's measurements, worked out.
 *
 * @param groups the measurements of each party of each group of the plan. Ours is in every party, so that each ratio is
 * one of the same turns; its own entry is that of the first.
 */
export function resultOf(
  plan: Plan,
  groups: readonly (readonly PartyMeasurement[])[],
  circumstances: Circumstances,
): Result {
  const { date, machine, commit, threads, busyBefore, matmulGflops } = circumstances;
  const everyone = plan.groups.flatMap(({ parties }) => parties.flat());
  const titles = new Map(everyone.map(({ name, title }) => [name, title]));
  const versions = Object.assign(
    {},
    ...groups.flat().flatMap((party) => [...party.versions.values()]),
  ) as Record<string, string>;
  return {
    case: plan.name,
    title: plan.title,
    date: date.toISOString(),
    machine: { ...machine, flags: [...machine.flags] },
    threads,
    busyBefore,
    commit,
    versions,
    effort: plan.effort,
    matmulGflops: matmulGflops ?? null,
    items: plan.groups.flatMap(({ items }, group) =>
      items.map((item, index) => {
        const parties = groups[group].map((party) => ({ party, measured: party.items[index] }));
        return {
          title: item.title,
          work: { ...item.work },
          flops: item.flops,
          images: item.images,
          point: item.point ?? null,
          entries: parties.flatMap(({ party, measured }, position) =>
            entriesOf(measured, party, titles, matmulGflops).filter(
              ({ contestant }) => position === 0 || contestant !== OURS,
            ),
          ),
          agreements: parties.flatMap(({ measured }) => measured.agreements),
          absent: parties.flatMap(({ measured }) => measured.absent),
        };
      }),
    ),
  };
}

function entriesOf(
  { item, measurements }: ItemMeasurement,
  party: PartyMeasurement,
  titles: ReadonlyMap<string, string>,
  matmulGflops: number | undefined,
): ResultEntry[] {
  const ours = measurements.find(({ contestant }) => contestant === OURS);
  return measurements.map(({ contestant, times, stepsPerTurn }) => {
    const milliseconds = summarise(times.filter((time) => time !== undefined));
    const gflops = item.flops / milliseconds.median / 1e6;
    const ratios = ours === undefined || contestant === OURS ? [] : ratiosPerRound(ours.times, times);
    return {
      contestant,
      title: titles.get(contestant) ?? contestant,
      milliseconds,
      rounds: times.map((time) => time ?? null),
      stepsPerTurn,
      imagesPerSecond: (item.images / milliseconds.median) * 1000,
      gflops,
      shareOfMatmul: matmulGflops === undefined ? null : gflops / matmulGflops,
      oursIsFaster: ratios.length === 0 ? null : summarise(ratios),
      peakResidentBytes: party.peakResidentBytes.get(contestant) ?? null,
    };
  });
}

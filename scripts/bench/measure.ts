import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '../../src/safetensors/file-node';
import type { SafetensorsContent } from '../../src/safetensors/tensor';
import { type Agreement, agreementOf, DisagreementError } from './agreement';
import { ContestantProcess, UnsupportedWorkError } from './contestant-process';
import { type Contestant, OURS } from './contestants';
import { inputsOf } from './inputs';
import type { Effort, Item } from './plan';
import { INPUTS_FILE, OPTIMIZER } from './protocol';
import { takeTurns } from './turns';

/** What one contestant did with one item. */
export interface Measurement {
  readonly contestant: string;
  /** Milliseconds of one step, by round; `undefined` for rounds that it sat out. */
  readonly times: readonly (number | undefined)[];
  /** Steps that it took in a turn. */
  readonly stepsPerTurn: number;
}

export interface ItemMeasurement {
  readonly item: Item;
  readonly agreements: readonly Agreement[];
  readonly measurements: readonly Measurement[];
  /** Why others have no times: they cannot do such work, or failed. */
  readonly absent: readonly {
    readonly contestant: string;
    readonly reason: string;
    readonly failed: boolean;
  }[];
}

export interface PartyMeasurement {
  readonly items: readonly ItemMeasurement[];
  /** The most memory that each process had resident, in bytes, after all items. */
  readonly peakResidentBytes: ReadonlyMap<string, number>;
  readonly versions: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** Told to whoever watches. */
export interface MeasureHooks {
  readonly onItem?: (item: Item, what: string) => void;
  readonly onTurn?: () => void;
}

interface Ready {
  readonly contestant: Contestant;
  readonly process: ContestantProcess;
}

type Absent = ItemMeasurement['absent'][number];

// An interrupted benchmark leaves nothing in the system's folder for temporary files.
const folders = new Set<string>();
process.on('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/**
 * Measures items one after the other: each contestant in a process of its own, compared first, timed in turns afterwards.
 *
 * @throws DisagreementError where a contestant computes something else than the first
 */
export async function measureParty(
  contestants: readonly Contestant[],
  items: readonly Item[],
  effort: Effort,
  hooks: MeasureHooks = {},
): Promise<PartyMeasurement> {
  const absent: Absent[] = [];
  const ready: Ready[] = [];
  hooks.onItem?.(items[0], 'starting');
  try {
    for (const contestant of contestants) {
      const process = await attempt(absent, contestant.name, () =>
        ContestantProcess.start(contestant.title, contestant.command),
      );
      if (process !== undefined) ready.push({ contestant, process });
    }
    const measured: ItemMeasurement[] = [];
    for (const item of items) measured.push(await measureItem(item, ready, absent, effort, hooks));
    return {
      items: measured,
      peakResidentBytes: new Map(
        ready.flatMap(({ contestant, process }) => {
          const bytes = process.peakResidentBytes();
          return bytes === undefined ? [] : [[contestant.name, bytes]];
        }),
      ),
      versions: new Map(ready.map(({ contestant, process }) => [contestant.name, process.versions])),
    };
  } finally {
    await Promise.all(ready.map(({ process }) => process.stop()));
  }
}

async function measureItem(
  item: Item,
  everyone: readonly Ready[],
  absentAlready: readonly Absent[],
  effort: Effort,
  hooks: MeasureHooks,
): Promise<ItemMeasurement> {
  const folder = await mkdtemp(join(tmpdir(), 'cardinal-bench-'));
  folders.add(folder);
  const absent = [...absentAlready];
  const agreements: Agreement[] = [];
  try {
    await writeSafetensors(join(folder, INPUTS_FILE), inputsOf(item.work));
    const present: { ready: Ready; steps: number; untimed: number; rounds: number }[] = [];
    let reference: { outputs: SafetensorsContent['tensors']; parameters: number | null } | undefined;
    for (const ready of everyone) {
      const { contestant, process } = ready;
      hooks.onItem?.(item, `checking ${contestant.title}`);
      const found = await attempt(absent, contestant.name, async () => {
        const request = { do: 'prepare', work: item.work, folder, optimizer: OPTIMIZER } as const;
        const { parameters = null } = await process.ask({
          ...request,
          writesWeights: reference === undefined,
        });
        const to = join(folder, `${contestant.name}.safetensors`);
        await process.ask({ do: 'check', to });
        const { tensors: outputs } = await readSafetensors(to);
        if (reference !== undefined) {
          if (parameters !== reference.parameters) {
            throw new DisagreementError(
              `${contestant.title} has ${parameters} trainable parameters in place of ${reference.parameters}`,
            );
          }
          agreements.push(...agreementOf(contestant.name, item.work.kind, outputs, reference.outputs));
        }
        // The check has been the warm-up of whatever is done once; this one is as all later ones are.
        const [first] = (await process.ask({ do: 'run', untimed: 0, steps: 1 })).milliseconds;
        return { outputs, parameters, first };
      });
      if (found === undefined) continue;
      reference ??= found;
      present.push({ ready, ...share(found.first, effort) });
    }
    hooks.onItem?.(item, 'timing');
    const turns = present.map(({ ready: { process }, steps, untimed, rounds }) => ({
      rounds,
      take: async () => {
        const { milliseconds } = await process.ask({ do: 'run', untimed, steps });
        return milliseconds.reduce((sum, time) => sum + time, 0) / milliseconds.length;
      },
    }));
    const times = await takeTurns(turns, effort.rounds, hooks.onTurn);
    for (const { ready } of present) await ready.process.ask({ do: 'release' });
    return {
      item,
      agreements,
      absent,
      measurements: present.map(({ ready, steps }, index) => ({
        contestant: ready.contestant.name,
        times: times[index],
        stepsPerTurn: steps,
      })),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
    folders.delete(folder);
  }
}

/** How a contestant whose step takes so long uses its turns. */
function share(
  step: number,
  { turn, rounds, slow, slowRounds }: Effort,
): { steps: number; untimed: number; rounds: number } {
  return {
    steps: Math.max(1, Math.min(1_000, Math.round(turn / step))),
    // Others have had the caches since its last turn; a long step hardly notices.
    untimed: step < turn / 2 ? 1 : 0,
    rounds: step > slow ? Math.min(rounds, slowRounds) : rounds,
  };
}

/** What `run` gives, or `undefined` and a note in `absent`; a disagreement, or a failure of ours, is everybody's. */
async function attempt<T>(
  absent: Absent[],
  contestant: string,
  run: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    // Without the first there is nothing to compare with.
    if (error instanceof DisagreementError || contestant === OURS) throw error;
    const failed = !(error instanceof UnsupportedWorkError);
    absent.push({ contestant, reason: (error as Error).message, failed });
    return undefined;
  }
}

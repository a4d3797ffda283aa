import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { withFolderLock } from '../../src/files/folder-lock';
import {
  createRun,
  hasCheckpoint,
  readCheckpoint,
  readMetrics,
  readResult,
  readRunConfig,
  writeProgress,
  writeResult,
} from '../../src/train/run-folder-node';
import { buildChild } from '../support/run-child';
import { rounds } from './rounds';
import { madeResult, madeState, RUN_CONFIG } from './made-run';

let folder: string;
let program: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'killed-runs-'));
  program = buildChild(join(__dirname, 'programs', 'write-run.ts'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(program);
});

/** A run of one epoch, into which a process writes until it is killed before its n-th change; whether it was. */
async function killed(what: string, run: string, n: number): Promise<boolean> {
  rmSync(run, { recursive: true, force: true });
  mkdirSync(run);
  await createRun(run, RUN_CONFIG);
  await writeProgress(run, madeState(1), { isBest: true });
  await writeResult(run, madeResult(1));
  const { signal, status, stderr } = spawnSync(process.execPath, [program, what, run, String(n)]);
  if (signal === null && status !== 0) throw new Error(String(stderr));
  return signal === 'SIGKILL';
}

/** How many epochs each file of a run tells of. */
async function epochsOf(run: string): Promise<Record<string, number | undefined>> {
  const has = await hasCheckpoint(run, 'best');
  return {
    best: has ? (await readCheckpoint(run, 'best')).progress.epochsDone : undefined,
    last: has ? (await readCheckpoint(run, 'last')).progress.epochsDone : undefined,
    metrics: has ? (await readMetrics(run)).length : undefined,
    result: (await readResult(run))?.epochs,
  };
}

const OLD = { best: 1, last: 1, metrics: 1, result: 1 };
const NONE = { best: undefined, last: undefined, metrics: undefined, result: undefined };

test.each([
  ['progress', { ...OLD, best: 2, last: 2, metrics: 2 }],
  ['result', { ...OLD, result: 2 }],
  ['anew', NONE],
])(
  'killed before any change that writing %s makes, a run is as it was or as it was to be, and the next start leaves nothing over',
  async (what, fresh) => {
    const run = join(folder, what);
    const outcomes = new Set<string>();
    let n = 1;
    for (; await killed(what, run, n); n += rounds(3, 1)) {
      const found = await epochsOf(run);
      const isNew = JSON.stringify(found) === JSON.stringify(fresh);
      if (!isNew) expect(found).toEqual(OLD);
      if (what === 'anew') expect((await readRunConfig(run)).backend).toBe(isNew ? 'wasm' : 'tensorflow');
      outcomes.add(isNew ? 'new' : 'old');
      await withFolderLock(run, () => writeProgress(run, madeState(3), { isBest: true }));
      expect(await epochsOf(run)).toEqual({ ...(isNew ? fresh : OLD), best: 3, last: 3, metrics: 3 });
      const files = ['SHA256SUMS', 'best.safetensors', 'config.json', 'last.safetensors', 'metrics.jsonl'];
      const all = isNew && what === 'anew' ? files : [...files, 'result.json'];
      expect(readdirSync(run).sort()).toEqual(all.sort());
    }
    expect(await epochsOf(run)).toEqual(fresh);
    expect(n).toBeGreaterThan(10);
    expect([...outcomes].sort()).toEqual(['new', 'old']);
  },
  120_000,
);

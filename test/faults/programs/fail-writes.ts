// Makes each change of each way to write fail, by each error in turn, and tells what was wrong afterwards.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CardinalError } from '../../../src/errors';
import { createRun, writeProgress, writeResult } from '../../../src/train/run-folder-node';
import { beforeChange } from '../../support/nth-change';
import { EXPORT_WRITES } from '../made-exports';
import { madeResult, madeState, RUN_CONFIG } from '../made-run';

const ERRORS = ['ENOSPC', 'EIO'];

/** Ways to write: how it was before, and the write that fails. */
interface Way {
  readonly before: (folder: string) => Promise<unknown>;
  readonly write: (folder: string) => Promise<unknown>;
}

async function run(folder: string): Promise<void> {
  await createRun(folder, RUN_CONFIG);
  await writeProgress(folder, madeState(1), { isBest: true });
  await writeResult(folder, madeResult(1));
}

const WAYS: Readonly<Record<string, Way>> = {
  ...Object.fromEntries(
    Object.entries(EXPORT_WRITES).map(([kind, write]) => [
      kind,
      {
        before: (folder: string) => write(join(folder, 'toy'), 'first'),
        write: (folder: string) => write(join(folder, 'toy'), 'second'),
      },
    ]),
  ),
  progress: { before: run, write: (folder) => writeProgress(folder, madeState(2), { isBest: true }) },
  result: { before: run, write: (folder) => writeResult(folder, madeResult(2)) },
  anew: { before: run, write: (folder) => createRun(folder, RUN_CONFIG, { overwrite: true }) },
};

function contentsOf(folder: string): string {
  const names = readdirSync(folder).sort();
  return JSON.stringify(
    names.map((name) => {
      const path = join(folder, name);
      return [name, statSync(path).isDirectory() ? contentsOf(path) : readFileSync(path, 'latin1')];
    }),
  );
}

const names = (folder: string): string => readdirSync(folder).join(' ');

let next = { n: 0, code: '' };
let count = 0;
beforeChange(
  () => ++count === next.n,
  (name) => {
    throw Object.assign(new Error(`${next.code}: made to fail, ${name}`), { code: next.code });
  },
);

async function tried(what: string, root: string) {
  const { before, write } = WAYS[what];
  const wrong: string[] = [];
  const folder = join(root, what);
  const prepare = async (): Promise<string> => {
    next = { n: 0, code: '' };
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    await before(folder);
    return contentsOf(folder);
  };
  const old = await prepare();
  await write(folder);
  const fresh = contentsOf(folder);
  let changes = 0;
  for (const code of ERRORS) {
    for (let n = 1; ; n++) {
      await prepare();
      [next, count] = [{ n, code }, 0];
      const failure = await write(folder).then(
        () => undefined,
        (error: unknown) => error,
      );
      const isOver = count < n;
      changes = Math.max(changes, n);
      const found = contentsOf(folder);
      const place = `${code} at change ${n}`;
      if (failure === undefined) {
        // What is only cleared away may fail: then it is the next one's to clear.
        next = { n: 0, code: '' };
        await write(folder);
        if (contentsOf(folder) !== fresh) wrong.push(`${place}, which nobody was told of: ${names(folder)}`);
      } else {
        if (!(failure instanceof CardinalError)) wrong.push(`${place}: ${String(failure)}`);
        if (found !== old) wrong.push(`${place}: ${String(failure)}: ${names(folder)}`);
      }
      if (isOver) break;
    }
  }
  return { what, changes, wrong };
}

async function main(): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'fail-writes-'));
  try {
    const outcomes = [];
    for (const what of Object.keys(WAYS)) outcomes.push(await tried(what, root));
    process.stdout.write(JSON.stringify(outcomes));
  } finally {
    rmSync(root, { recursive: true });
  }
}

void main();

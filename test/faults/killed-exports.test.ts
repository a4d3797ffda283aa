import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { settleToRead } from '../../src/files/replace';
import { buildChild } from '../support/run-child';
import { EXPORT_WRITES } from './made-exports';
import { rounds } from './rounds';

let root: string;
let program: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'killed-exports-'));
  program = buildChild(join(__dirname, 'programs', 'write-export.ts'));
});
afterAll(() => {
  rmSync(root, { recursive: true });
  rmSync(program);
});

/** All files below a folder, by their paths, what is hidden included. */
function contentsOf(folder: string, at = ''): Record<string, string> {
  return Object.assign(
    {},
    ...readdirSync(join(folder, at)).map((name) => {
      const path = join(at, name);
      if (statSync(join(folder, path)).isDirectory()) return contentsOf(folder, path);
      return { [path]: readFileSync(join(folder, path), 'latin1') };
    }),
  ) as Record<string, string>;
}

const shown = (found: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(found).filter(([path]) => !path.startsWith('.')));

const NAMES: Readonly<Record<string, string>> = { folder: 'toy', file: 'toy.onnx', files: 'toy.onnx' };

describe.each(Object.keys(EXPORT_WRITES))('an export as %s', (kind) => {
  const name = NAMES[kind] ?? 'toy.safetensors';
  const write = EXPORT_WRITES[kind];

  test.each([true, false])(
    'killed before any change (an old one there: %s) it is the old or the new one, and the next start leaves nothing over',
    async (isThere) => {
      const folder = join(root, `${kind}-${isThere}`);
      const to = join(folder, name);
      const made = async (generations: readonly string[]): Promise<Record<string, string>> => {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder);
        for (const generation of generations) await write(to, generation);
        return contentsOf(folder);
      };
      const [fresh, third] = [await made(['second']), await made(['third, which is longer'])];
      const before = isThere ? ['first'] : [];
      const old = await made(before);
      const outcomes = new Set<string>();
      const step = rounds(2, 1);
      let n = 1;
      for (; ; n += step) {
        await made(before);
        const { signal, status, stderr } = spawnSync(process.execPath, [
          program,
          kind,
          to,
          String(n),
          'second',
        ]);
        if (signal === null && status !== 0) throw new Error(String(stderr));
        await settleToRead(to); // as whoever reads it does first
        const found = shown(contentsOf(folder));
        const isNew = JSON.stringify(found) === JSON.stringify(fresh);
        if (!isNew) expect(found).toEqual(old);
        outcomes.add(isNew ? 'new' : 'old');
        if (signal === null) break;
        await write(to, 'third, which is longer');
        expect(contentsOf(folder)).toEqual(third);
      }
      expect(n).toBeGreaterThan(8);
      expect([...outcomes].sort()).toEqual(['new', 'old']);
    },
    240_000,
  );
});

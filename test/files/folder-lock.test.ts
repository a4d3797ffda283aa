import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { CardinalError } from '../../src/errors';
import { checkLock, LOCK, withFolderLock } from '../../src/files/folder-lock';
import { thisProcess } from '../../src/files/owner';
import { temporaryFolders } from '../data/made-data';
import { buildChild } from '../support/run-child';

const folders = temporaryFolders();
let program: string;
beforeAll(() => (program = buildChild(join(__dirname, 'hold-lock-child.ts'))));
afterAll(() => rmSync(program));

/** Another process that holds the lock of a folder. */
async function holder(folder: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

/** What a lock file would tell of a process. */
function lockText(owner: object): string {
  const lock = { id: 'x', owner: { ...thisProcess(), ...owner }, hostname: 'there', since: '2026-01-01' };
  return JSON.stringify(lock);
}

const GONE = { pid: spawnSync(process.execPath, ['-e', '']).pid };

test('a folder in which another process works is refused by name, host and time, until that one is killed', async () => {
  const folder = folders();
  const child = await holder(folder);
  const refusal = new RegExp(
    `is in use by process ${child.pid} on ${hostname()} since \\d{4}-\\d\\d-\\d\\dT`,
  );
  await expect(withFolderLock(folder, () => Promise.resolve())).rejects.toThrow(refusal);
  await expect(checkLock(folder)).rejects.toThrow(CardinalError);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(existsSync(join(folder, LOCK))).toBe(true);
  await checkLock(folder);
  expect(await withFolderLock(folder, () => Promise.resolve('done'))).toBe('done');
  expect(readdirSync(folder)).toEqual([]);
});

test('two works of one process are two', async () => {
  const folder = folders();
  await withFolderLock(folder, async () => {
    await checkLock(folder); // its own
    await expect(withFolderLock(folder, () => Promise.resolve())).rejects.toThrow(
      `in use by process ${process.pid}`,
    );
  });
  await expect(withFolderLock(folder, () => Promise.reject(new Error('own')))).rejects.toThrow('own');
  expect(readdirSync(folder)).toEqual([]);
});

test('of many that come at the same moment to a lock whose process is gone, one gets it', async () => {
  const folder = folders();
  writeFileSync(join(folder, LOCK), lockText(GONE));
  const outcomes = await Promise.allSettled(
    Array.from({ length: 8 }, () =>
      withFolderLock(folder, () => new Promise((done) => setTimeout(done, 300))),
    ),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(readdirSync(folder)).toEqual([]);
});

test('a lock of another host counts while it is touched, and so does one that nobody can read', async () => {
  for (const text of [lockText({ host: 'elsewhere' }), '{"id":']) {
    const folder = folders();
    const file = join(folder, LOCK);
    writeFileSync(file, text);
    await expect(withFolderLock(folder, () => Promise.resolve())).rejects.toThrow('is in use by');
    const longAgo = Date.now() / 1000 - 700;
    utimesSync(file, longAgo, longAgo);
    expect(await withFolderLock(folder, () => Promise.resolve(1))).toBe(1);
  }
});

const onLinux = existsSync('/proc/self/stat') ? test : test.skip;
onLinux('a number of a process that was given out again is not its owner', async () => {
  const folder = folders();
  writeFileSync(join(folder, LOCK), lockText({ began: '1' }));
  expect(await withFolderLock(folder, () => Promise.resolve(1))).toBe(1);
});

test('who was taken over writes no more, and leaves the lock to the other', async () => {
  const folder = folders();
  await withFolderLock(folder, async () => {
    writeFileSync(join(folder, LOCK), lockText({ pid: 1, began: '', host: 'elsewhere' }));
    await expect(checkLock(folder)).rejects.toThrow(
      `${folder} was taken over by process 1 on there since 2026-01-01: this process writes no more to it`,
    );
  });
  expect(readFileSync(join(folder, LOCK), 'utf8')).toContain('elsewhere');
});

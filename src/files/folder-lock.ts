import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import { CardinalError } from '../errors';
import { followLinks } from './follow-links';
import { isAbandoned, thisProcess } from './owner';
import { clearAbandoned, removeQuietly, temporaryName } from './temporary';
import { takeName, writeNew } from './write-whole';
import { writing } from './writing';

/** The file that tells who works in a folder. */
export const LOCK = '.lock';

const TOUCH_MS = 60_000;
/** Of a process on another host, which touches its lock every minute; nobody here can look for it. */
const PATIENCE_MS = 600_000;
const ATTEMPTS = 5;

const lockSchema = z.object({
  id: z.string(),
  owner: z.object({ host: z.string(), pid: z.number().int().positive(), began: z.string() }),
  /** For a person. */
  hostname: z.string(),
  since: z.string(),
});
type Lock = z.infer<typeof lockSchema>;

/** Locks that this process holds, by the real paths of their folders. */
const held = new Map<string, Lock>();

/**
 * Does work in a folder that nobody else who asks works in meanwhile. A lock whose process is gone counts for nothing.
 *
 * @param folder which is there
 * @throws CardinalError naming the process that works there, its host, and since when; or if the folder cannot be written
 *
 * @example
 * await withFolderLock('runs/toy', () => trainInFolder(run));
 */
export async function withFolderLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const place = await followLinks(folder);
  const lock = await writing(folder, () => take(place, folder));
  held.set(place, lock);
  const file = join(place, LOCK);
  const touching = setInterval(
    () => void utimes(file, new Date(), new Date()).catch(() => undefined),
    TOUCH_MS,
  );
  touching.unref();
  try {
    return await work();
  } finally {
    clearInterval(touching);
    held.delete(place);
    if ((await readLock(file).catch(() => undefined))?.lock?.id === lock.id) await removeQuietly(file);
  }
}

/**
 * Makes sure that this process may write in a folder: that nobody else holds its lock, and that one of its own was not taken
 * over, as from a machine that slept.
 *
 * @throws CardinalError naming who works there
 */
export async function checkLock(folder: string): Promise<void> {
  const place = await followLinks(folder);
  const own = held.get(place);
  const found = await readLock(join(place, LOCK));
  if (own === undefined) {
    if (found !== undefined && !isStale(found)) throw inUse(folder, found);
  } else if (found?.lock?.id !== own.id) {
    throw new CardinalError(
      `${folder} was taken over by ${found === undefined ? 'someone who is gone again' : holderOf(found)}: ` +
        'this process writes no more to it',
    );
  }
}

async function take(place: string, folder: string): Promise<Lock> {
  const file = join(place, LOCK);
  await clearAbandoned(file);
  const lock: Lock = {
    id: randomUUID(),
    owner: thisProcess(),
    hostname: hostname(),
    since: new Date().toISOString(),
  };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      await writeNew(file, `${JSON.stringify(lock)}\n`);
      return lock;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const found = await readLock(file);
    if (found === undefined) continue;
    if (!isStale(found)) throw inUse(folder, found);
    await removeStale(file, found);
  }
  throw new CardinalError(`${folder}: others take its lock, ${file}, time and again`);
}

/** A lock file as it is found; without a lock where it is damaged. */
interface Found {
  readonly text: string;
  readonly lock?: Lock;
  readonly touchedMs: number;
}

async function readLock(file: string): Promise<Found | undefined> {
  try {
    const text = await readFile(file, 'utf8');
    const touchedMs = (await stat(file)).mtimeMs;
    return { text, lock: parseLock(text), touchedMs };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new CardinalError(`${file} could not be read: ${message}`);
  }
}

function parseLock(text: string): Lock | undefined {
  try {
    return lockSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function isStale({ lock, touchedMs }: Found): boolean {
  if (lock === undefined) return Date.now() - touchedMs > PATIENCE_MS;
  return isAbandoned(lock.owner, touchedMs, PATIENCE_MS);
}

/** Removes a lock, unless another has its place by now: then that one gets its name back. */
async function removeStale(file: string, { text }: Found): Promise<void> {
  const aside = temporaryName(file);
  try {
    await rename(file, aside);
    if ((await readFile(aside, 'utf8')) !== text) await takeName(aside, file);
  } catch (error) {
    // Somebody else removed it, or has the name again already.
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function inUse(folder: string, found: Found): CardinalError {
  return new CardinalError(
    `${folder} is in use by ${holderOf(found)}: wait until it ends, or choose another folder`,
  );
}

function holderOf({ lock }: Found): string {
  if (lock === undefined) return `someone who left no name in ${LOCK}`;
  return `process ${lock.owner.pid} on ${lock.hostname} since ${lock.since}`;
}

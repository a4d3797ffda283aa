import { createHash, randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { isAbandoned, thisProcess, type Owner } from './owner';

/** Of a process on another host, which nobody here can look for. */
const PATIENCE_MS = 24 * 3_600_000;

/** So that the whole of a temporary name stays below the 255 bytes that systems allow. */
const LONGEST_STEM = 150;

const MARK = /^\.([0-9a-f]{8})-(\d+)-(\d*)-[0-9a-f]{8}\.tmp$/;

/** What this process could not remove. */
const left = new Set<string>();

/** A name beside a path that tells whose it is, for what is not yet, or no longer, to be found under the path. */
export function temporaryName(path: string): string {
  const { host, pid, began } = thisProcess();
  const mark = `${host}-${pid}-${began}-${randomUUID().slice(0, 8)}`;
  return join(dirname(path), `.${stemOf(path)}.${mark}.tmp`);
}

/** Whether a name in the folder of a path is one that {@link temporaryName} makes beside it. */
export function isTemporaryName(name: string, path: string): boolean {
  return ownerOf(name, path) !== undefined;
}

/** What hidden files that belong to a path have in their names: the path's own name, where that is not too long. */
function stemOf(path: string): string {
  const name = basename(path);
  if (Buffer.byteLength(name) <= LONGEST_STEM) return name;
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

/** Where it is written down what is to take its place at a target; see `replace.ts`. */
export function journalOf(path: string): string {
  return join(dirname(path), `.${stemOf(path)}.replacing`);
}

/** Removes what processes that are gone left beside a path under temporary names. */
export async function clearAbandoned(path: string): Promise<void> {
  const present = await readdir(dirname(path)).catch(() => [] as string[]);
  for (const name of present) {
    const owner = ownerOf(name, path);
    if (owner === undefined) continue;
    const found = join(dirname(path), name);
    const touched = (await stat(found).catch(() => undefined))?.mtimeMs ?? Date.now();
    if (left.has(found) || isAbandoned(owner, touched, PATIENCE_MS)) await removeQuietly(found);
  }
}

/** Removes what is of no use to anyone. That it stays is no reason to fail: the next one who clears takes it along. */
export async function removeQuietly(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
    left.delete(path);
  } catch {
    left.add(path);
  }
}

function ownerOf(name: string, path: string): Owner | undefined {
  const stem = `.${stemOf(path)}`;
  if (!name.startsWith(stem)) return undefined;
  const [, host, pid, began] = MARK.exec(name.slice(stem.length)) ?? [];
  return host === undefined ? undefined : { host, pid: Number(pid), began };
}

import { randomUUID } from 'node:crypto';
import { link, lstat, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import { CardinalError } from '../errors';
import { followLinks } from './follow-links';
import { isAbandoned, isSameProcess, thisProcess } from './owner';
import { clearAbandoned, isTemporaryName, journalOf, removeQuietly } from './temporary';
import { workspaceAt, type Workspace } from './workspace';
import { syncFolder, takeName, writePieces } from './write-whole';

/*
 * Files and folders that belong together take their places by one rename each, between which a process may end. What is to
 * be done is therefore written down first, in a journal beside the target. Once that is there, all of the new is on the disk:
 * whoever comes next finishes what it tells. Before, nothing has happened, and the new is what is thrown away.
 */

const plainName = z
  .string()
  .refine((name) => name === basename(name) && name !== '' && !/^\.\.?$/.test(name));
const journalSchema = z.object({
  id: z.string(),
  owner: z.object({ host: z.string(), pid: z.number().int().positive(), began: z.string() }),
  /** The workspace that has the new and gets the old; beside the target, as all of them. */
  workspace: plainName,
  /** What takes its place, in this order. */
  names: z.array(plainName),
  /** What goes, in favour of nothing. */
  removed: z.array(plainName),
});
type Journal = z.infer<typeof journalSchema>;

/** How long somebody may take for renames; another host's, by the time of the file. */
const WAIT_MS = 5_000;
const PATIENCE_MS = 60_000;
const POLL_MS = 20;

/** Journals that this process is at work on. */
const active = new Set<string>();

export interface Replacement {
  /** Names in the workspace's `new`, which they shall have beside the target. What comes last is what others are found by. */
  readonly names: readonly string[];
  /** Names beside the target that shall be nobody's. */
  readonly removed?: readonly string[];
  /** Whether what has a name may be replaced; by default it stops all. */
  readonly overwrite?: boolean;
}

/**
 * Gives what was made in a workspace its places beside a target, all of it or nothing; also where the process is killed
 * meanwhile, as soon as {@link settle} is called for the same target. Where a place is a folder that is replaced there is
 * nothing for a moment; files are there at every moment.
 *
 * @throws Error with the system's `code`; then all is as it was
 * @throws CardinalError if another process has been replacing the same for seconds
 */
export async function replaceAll(
  target: string,
  workspace: Workspace,
  { names, removed = [], overwrite = false }: Replacement,
): Promise<void> {
  const folder = dirname(target);
  await settle(target);
  for (const name of names) {
    const [fresh, old] = [join(workspace.fresh, name), join(folder, name)];
    await lstat(fresh);
    if ((await isThere(old)) && (await isFolder(fresh)) !== (await isFolder(old))) {
      throw new Error(`${old} is a ${(await isFolder(old)) ? 'folder' : 'file'}`);
    }
  }
  const found = await Promise.all(names.map((name) => isThere(join(folder, name))));
  if (!overwrite && found.includes(true)) {
    throw new Error(`${names[found.indexOf(true)]} appeared meanwhile`);
  }
  const [only] = names;
  if (names.length === 1 && removed.length === 0 && !(await isFolder(join(folder, only)))) {
    const isFile = !(await isFolder(join(workspace.fresh, only)));
    const move = isFile && !overwrite ? takeName : rename;
    await move(join(workspace.fresh, only), join(folder, only));
    return syncFolder(folder);
  }
  const journal: Journal = {
    id: randomUUID(),
    owner: thisProcess(),
    workspace: basename(workspace.path),
    names: [...names],
    removed: [...removed],
  };
  active.add(journal.id);
  try {
    await publish(target, workspace, journal);
    await carryOut(folder, journal).catch(async (error: Error) => {
      await undo(folder, journal);
      await rm(journalOf(target), { force: true });
      throw error;
    });
    await syncFolder(folder);
    // All is in its place: what is left to do, the next one does where this one cannot.
    await removeQuietly(journalOf(target));
  } finally {
    active.delete(journal.id);
  }
}

/**
 * Finishes what a process that is gone began to replace at a target, and waits for one that is at it. A writer also clears
 * what killed ones left beside the target.
 *
 * @param path what {@link replaceAll} was given; links led to where it is
 * @throws CardinalError if another process has been replacing it for seconds, or what is left of one cannot be read
 */
export async function settle(path: string, { reading = false } = {}): Promise<void> {
  const file = journalOf(path);
  const folder = dirname(path);
  for (const began = Date.now(); ;) {
    const journal = await readJournal(file, path);
    if (journal === undefined) break;
    if (isLeft(journal, await touched(file))) {
      await finish(folder, file, journal);
      break;
    }
    if (Date.now() - began > WAIT_MS) {
      throw new CardinalError(
        `${path} is being replaced by process ${journal.owner.pid}: wait until it ends`,
      );
    }
    await sleep(POLL_MS);
  }
  if (!reading) await clearAbandoned(path);
}

/** As {@link settle}, before something is read; links are followed. */
export async function settleToRead(path: string): Promise<void> {
  await settle(await followLinks(path), { reading: true });
}

function isLeft({ id, owner }: Journal, touchedMs: number): boolean {
  if (isSameProcess(owner, thisProcess())) return !active.has(id);
  return isAbandoned(owner, touchedMs, PATIENCE_MS);
}

async function finish(folder: string, file: string, journal: Journal): Promise<void> {
  try {
    await carryOut(folder, journal);
    await syncFolder(folder);
    await rm(file, { force: true });
    await removeQuietly(join(folder, journal.workspace));
  } catch (error) {
    const { message } = error as Error;
    throw new CardinalError(`${file}: what a killed process began could not be finished: ${message}`);
  }
}

async function publish(target: string, workspace: Workspace, journal: Journal): Promise<void> {
  const text = join(workspace.path, 'journal');
  await writePieces(text, JSON.stringify(journal));
  for (let attempt = 0; ; attempt++) {
    try {
      await takeName(text, journalOf(target));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 3) throw error;
      await settle(target); // somebody else came first
    }
  }
}

/** Every step may have been done before, or be done by another process at the same moment. */
async function carryOut(folder: string, { workspace, names, removed }: Journal): Promise<void> {
  const { fresh, old } = workspaceAt(join(folder, workspace));
  for (const name of names) await place(join(folder, name), join(fresh, name), join(old, name));
  for (const name of removed) await moved(join(folder, name), join(old, name));
}

async function place(to: string, fresh: string, old: string): Promise<void> {
  if (!(await isThere(fresh))) return;
  await keep(to, old);
  // Another process that finishes the same was faster, and what was kept may be its new.
  if (!(await moved(fresh, to)) && !(await isThere(to))) await moved(old, to);
}

/** Keeps what is at a place, so that it can come back. A file stays where it is until another has its name. */
async function keep(to: string, old: string): Promise<void> {
  if (!(await isFolder(to))) {
    try {
      return await link(to, old);
    } catch (error) {
      if (['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
    }
  }
  await moved(to, old);
}

/** Puts all back as it was before {@link carryOut}, the last first. */
async function undo(folder: string, { workspace, names, removed }: Journal): Promise<void> {
  const { fresh, old } = workspaceAt(join(folder, workspace));
  for (const name of [...names, ...removed].reverse()) {
    const [to, before] = [join(folder, name), join(old, name)];
    const isPlaced = names.includes(name) && !(await isThere(join(fresh, name)));
    const isFile = (await isThere(before)) && !(await isFolder(before));
    if (isPlaced && !isFile) await moved(to, join(fresh, name));
    await moved(before, to);
  }
}

/** Whether there was something to rename. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** A journal is a file that anyone may have put there: it can name only what is beside the target. */
async function readJournal(file: string, path: string): Promise<Journal | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new CardinalError(`${file} could not be read: ${error.message}`);
  });
  if (text === undefined) return undefined;
  try {
    const journal = journalSchema.parse(JSON.parse(text));
    if (isTemporaryName(journal.workspace, path)) return journal;
  } catch {
    // Told below.
  }
  throw new CardinalError(`${file} is damaged: remove it, and look whether ${path} is whole`);
}

async function touched(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.mtimeMs ?? Date.now();
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true;
}

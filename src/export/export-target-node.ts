import { randomUUID } from 'node:crypto';
import {
  access,
  constants,
  open,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  writeFile as write,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { makeFolder } from '../data/make-folder';
import { CardinalError } from '../errors';

/** What an export is: a folder of files, or one file. */
export type TargetKind = 'folder' | 'file';

/** What is in a file; of what comes in pieces, one after the other. */
export type FileContent = Uint8Array | string | Iterable<Uint8Array>;

export interface TargetOptions {
  /** Whether an export that is there already is replaced. Other folders never are. */
  readonly overwrite?: boolean;
}

/** What was written, and what the check of it came to. */
export interface WrittenExport<Checked> {
  /** Bytes of each file. */
  readonly files: Readonly<Record<string, number>>;
  /** Bytes of all of them. */
  readonly bytes: number;
  readonly checked: Checked;
}

export interface WriteOptions<Checked> extends TargetOptions {
  /** Reads back what was written, at a path beside the target; where it throws, nothing is kept. */
  readonly check: (path: string) => Promise<Checked>;
}

/** The model card of an export that is a folder. */
export const CARD_NAME = 'README.md';

const MODELS: readonly string[] = ['model.json', 'saved_model.pb'];
const OTHER_PARTS: readonly string[] = [...MODELS, CARD_NAME, 'fingerprint.pb', 'variables', 'assets'];

/**
 * Refuses, before long work is begun, a place that an export could not be written to. Writes nothing.
 *
 * @throws CardinalError if it is there and is not to be overwritten, or is something else than an export, or cannot be
 *   written
 */
export async function checkExportTarget(
  path: string,
  kind: TargetKind,
  { overwrite = false }: TargetOptions = {},
): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && found.isDirectory() !== (kind === 'folder')) {
    throw new CardinalError(`${path} is a ${found.isDirectory() ? 'folder' : 'file'}, not a ${kind}`);
  }
  if (found !== undefined && !overwrite) {
    throw new CardinalError(
      `${path} is there already: replace it with overwrite: true, or choose another ${kind}`,
    );
  }
  if (found?.isDirectory() === true) await checkReplaceable(path);
  await writing(path, () => checkWritable(dirname(resolve(path))));
}

/** Only what an export consists of may be replaced by one: overwriting must not cost a person other files. */
async function checkReplaceable(folder: string): Promise<void> {
  const present = await writing(folder, () => readdir(folder));
  const other = present.find((file) => !OTHER_PARTS.includes(file) && !file.endsWith('.bin'));
  const isExport = present.length === 0 || present.some((file) => MODELS.includes(file));
  if (other === undefined && isExport) return;
  throw new CardinalError(
    `${folder} holds more than an export (${other ?? present[0]}), so it is not overwritten: choose another`,
  );
}

async function checkWritable(path: string): Promise<void> {
  try {
    if (!(await stat(path)).isDirectory()) throw new Error(`${path} is a file, not a folder`);
    await access(path, constants.W_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    await checkWritable(dirname(path));
  }
}

/**
 * Writes an export that is a folder, whole or not at all: under a temporary name beside the target, checked there, then
 * moved into place.
 *
 * @param files their bytes or text, by path within the folder
 * @throws CardinalError as {@link checkExportTarget} does, and whatever `check` throws
 *
 * @example
 * await writeExportFolder('exports/toy', toSavedModel(graph), { check: async (folder) => reload(folder) });
 */
export async function writeExportFolder<Checked>(
  folder: string,
  files: ReadonlyMap<string, Uint8Array | string>,
  { overwrite, check }: WriteOptions<Checked>,
): Promise<WrittenExport<Checked>> {
  await checkExportTarget(folder, 'folder', { overwrite });
  return place(folder, overwrite === true, check, async (temporary) => {
    await makeFolder(temporary);
    const sizes: Record<string, number> = {};
    for (const [name, content] of files) {
      const path = join(temporary, name);
      await makeFolder(dirname(path));
      sizes[name] = await writeFile(path, content);
    }
    return sizes;
  });
}

/**
 * Writes an export that is one file, whole or not at all; as {@link writeExportFolder} does.
 *
 * @example
 * await writeExportFile('toy.onnx', toOnnx(graph), { check: async (file) => reload(file) });
 */
export async function writeExportFile<Checked>(
  file: string,
  content: Uint8Array,
  { overwrite, check }: WriteOptions<Checked>,
): Promise<WrittenExport<Checked>> {
  await checkExportTarget(file, 'file', { overwrite });
  return place(file, overwrite === true, check, async (temporary) => {
    await makeFolder(dirname(temporary));
    return { [basename(file)]: await writeFile(temporary, content) };
  });
}

/**
 * Writes an export that is a file with others beside it that it names, all of them or none: in a folder under a temporary
 * name beside the target, checked there, then moved into place.
 *
 * @param contents by names of files, that of `file` last, so that nobody reads it before the others are there; what comes in
 *   pieces is never in memory as a whole
 * @param companions names of all files that such an export may have beside it: with `overwrite` they go with the old file
 * @throws CardinalError as {@link checkExportTarget} does for any of them, and whatever `check` throws
 *
 * @example
 * const contents = toOnnxFiles(graph, 'toy.onnx', { externalData: true });
 * await writeExportFiles('exports/toy.onnx', contents, ['toy.onnx.data'], { check: async (file) => reload(file) });
 */
export async function writeExportFiles<Checked>(
  file: string,
  contents: ReadonlyMap<string, FileContent>,
  companions: readonly string[],
  { overwrite = false, check }: WriteOptions<Checked>,
): Promise<WrittenExport<Checked>> {
  // A link leads to the file to replace, unless others are to be beside it.
  const real = contents.size === 1 ? await realpath(file).catch(() => undefined) : undefined;
  const target = real ?? resolve(file);
  const placeOf = (name: string) => (name === basename(file) ? target : join(dirname(target), name));
  for (const name of contents.keys())
    await checkExportTarget(join(dirname(file), name), 'file', { overwrite });
  return temporarily(target, async (temporary) => {
    const files: Record<string, number> = {};
    await writing(file, async () => {
      await makeFolder(temporary);
      for (const [name, content] of contents) files[name] = await writeFile(join(temporary, name), content);
    });
    const checked = await check(join(temporary, basename(file)));
    const stale = (await isThere(target)) ? companions.filter((name) => !contents.has(name)) : [];
    const moves = [...contents.keys()].map((name) => ({ to: placeOf(name), from: join(temporary, name) }));
    const others = stale.map((name) => ({ to: placeOf(name) }));
    await writing(file, () => moveInto([...moves, ...others], `${temporary}.old`, overwrite));
    return written(files, checked);
  });
}

async function place<Checked>(
  path: string,
  overwrite: boolean,
  check: (path: string) => Promise<Checked>,
  write: (temporary: string) => Promise<Record<string, number>>,
): Promise<WrittenExport<Checked>> {
  const target = await realpath(path).catch(() => resolve(path));
  return temporarily(target, async (temporary) => {
    const files = await writing(path, () => write(temporary));
    const checked = await check(temporary);
    await writing(path, () => moveInto([{ to: target, from: temporary }], `${temporary}.old`, overwrite));
    return written(files, checked);
  });
}

/** Work with a name beside the target; whatever has that name in the end is removed. */
async function temporarily<T>(target: string, work: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID().slice(0, 8)}`);
  try {
    return await work(temporary);
  } finally {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
  }
}

function written<Checked>(files: Record<string, number>, checked: Checked): WrittenExport<Checked> {
  return { files, bytes: Object.values(files).reduce((sum, size) => sum + size, 0), checked };
}

async function writeFile(path: string, content: FileContent): Promise<number> {
  const file = await open(path, 'wx');
  try {
    await write(file, content);
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** What is to be at a place, nothing if there is no `from`. */
interface Move {
  readonly to: string;
  readonly from?: string;
}

/** Renames what was written to its places; what was there goes only after all of the new is in. */
async function moveInto(moves: readonly Move[], old: string, overwrite: boolean): Promise<void> {
  const aside: [to: string, old: string][] = [];
  const placed: string[] = [];
  try {
    for (const [i, { to }] of moves.entries()) {
      // Without leave to overwrite, what appeared meanwhile stops the move, as it should.
      if (overwrite && (await moveAside(to, `${old}${i}`))) aside.push([to, `${old}${i}`]);
      else if (await isThere(to)) throw new Error('it appeared meanwhile');
    }
    for (const { to, from } of moves) {
      if (from === undefined) continue;
      await rename(from, to);
      placed.push(to);
    }
  } catch (error) {
    for (const to of placed) await rm(to, { recursive: true, force: true });
    for (const [to, path] of aside) await rename(path, to);
    throw error;
  }
  for (const [, path] of aside) await rm(path, { recursive: true, force: true });
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function moveAside(target: string, old: string): Promise<boolean> {
  try {
    await rename(target, old);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new CardinalError(`${path} could not be written: ${(error as Error).message}`);
  }
}

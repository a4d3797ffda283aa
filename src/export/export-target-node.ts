import { randomUUID } from 'node:crypto';
import { access, constants, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { makeFolder } from '../data/make-folder';
import { CardinalError } from '../errors';

/** What an export is: a folder of files, or one file. */
export type TargetKind = 'folder' | 'file';

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
      `${path} is there already: replace it with --overwrite, or choose another ${kind}`,
    );
  }
  if (found?.isDirectory() === true) await checkReplaceable(path);
  await writing(path, () => checkWritable(dirname(resolve(path))));
}

/** Only what an export consists of may be replaced by one: `--overwrite` must not cost a person other files. */
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

async function place<Checked>(
  path: string,
  overwrite: boolean,
  check: (path: string) => Promise<Checked>,
  write: (temporary: string) => Promise<Record<string, number>>,
): Promise<WrittenExport<Checked>> {
  const target = await realpath(path).catch(() => resolve(path));
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID().slice(0, 8)}`);
  try {
    const files = await writing(path, () => write(temporary));
    const checked = await check(temporary);
    await writing(path, () => moveInto(target, temporary, overwrite));
    const bytes = Object.values(files).reduce((sum, size) => sum + size, 0);
    return { files, bytes, checked };
  } finally {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function writeFile(path: string, content: Uint8Array | string): Promise<number> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(content);
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** Renames what was written to its place; what was there goes only after the new one is in. */
async function moveInto(target: string, temporary: string, overwrite: boolean): Promise<void> {
  const old = `${temporary}.old`;
  // Without leave to overwrite, what appeared meanwhile stops the move below, as it should.
  const replaced = overwrite && (await moveAside(target, old));
  try {
    if (!replaced && (await isThere(target))) throw new Error('it appeared meanwhile');
    await rename(temporary, target);
  } catch (error) {
    if (replaced) await rename(old, target);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
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

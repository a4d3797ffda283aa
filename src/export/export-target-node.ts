import { access, constants, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { CardinalError } from '../errors';
import { CHECKSUMS, checksumsBeside, checksumsText } from '../files/checksums';
import { followLinks } from '../files/follow-links';
import { makeFolder } from '../files/make-folder';
import { replaceAll, settle, type Replacement } from '../files/replace';
import { inWorkspace, type Workspace } from '../files/workspace';
import { writePieces, type FileContent } from '../files/write-whole';
import { writing } from '../files/writing';

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

/** An export in its place. */
export interface PlacedExport<Checked> extends WrittenExport<Checked> {
  /** Where its model card is, if it has one. */
  readonly card?: string;
}

export interface WriteOptions<Checked> extends TargetOptions {
  /** Reads back what was written, at a path beside the target; where it throws, nothing is kept. */
  readonly check: (path: string) => Promise<Checked>;
  /** The text of the model card, once all else is checked: in the folder, or beside the file. */
  readonly card?: (written: WrittenExport<Checked>) => string;
}

/** The model card of an export that is a folder. */
export const CARD_NAME = 'README.md';

/** The model card of an export that is a file. */
export function cardBeside(file: string): string {
  return `${file}.md`;
}

const MODELS: readonly string[] = ['model.json', 'saved_model.pb'];
const OTHER_PARTS: readonly string[] = [
  ...MODELS,
  CARD_NAME,
  CHECKSUMS,
  'fingerprint.pb',
  'variables',
  'assets',
];

/**
 * Refuses, before long work is begun, a place that an export could not be written to. Writes nothing, but finishes or clears
 * what a killed process left there.
 *
 * @throws CardinalError if it is there and is not to be overwritten, or is something else than an export, or cannot be
 *   written
 */
export async function checkExportTarget(
  path: string,
  kind: TargetKind,
  { overwrite = false }: TargetOptions = {},
): Promise<void> {
  await settle(await followLinks(path));
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
 * Writes an export that is a folder, whole or not at all: beside the target, checked there, then moved into place with the list
 * of its checksums and its card.
 *
 * @param files their bytes or text, by path within the folder
 * @throws CardinalError as {@link checkExportTarget} does, and whatever `check` throws
 *
 * @example
 * await writeExportFolder('exports/toy', toSavedModel(graph), { check: async (folder) => reload(folder) });
 */
export async function writeExportFolder<Checked>(
  folder: string,
  files: ReadonlyMap<string, FileContent>,
  { overwrite, check, card }: WriteOptions<Checked>,
): Promise<PlacedExport<Checked>> {
  await checkExportTarget(folder, 'folder', { overwrite });
  const target = await followLinks(folder);
  return inPlace(folder, target, async (fresh, move) => {
    const made = join(fresh, basename(target));
    await writing(folder, () => makeFolder(made));
    const { sums, sizes } = await writing(folder, () => writeFiles(made, files));
    const written = sizesAnd(sizes, await check(made));
    const extra = new Map([[CHECKSUMS, checksumsText(sums)]]);
    if (card !== undefined) extra.set(CARD_NAME, card(written));
    await writing(folder, () => writeFiles(made, extra));
    await move({ names: [basename(target)], overwrite });
    return { ...written, ...(card !== undefined && { card: join(folder, CARD_NAME) }) };
  });
}

/**
 * Writes an export that is a file, with others beside it where it names any, all of them or none: beside the target, checked there,
 * then moved into place with the list of their checksums and the card.
 *
 * @param contents by names of files; what comes in pieces is never in memory as a whole
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
  { overwrite = false, check, card }: WriteOptions<Checked>,
): Promise<PlacedExport<Checked>> {
  for (const name of contents.keys()) {
    await checkExportTarget(join(dirname(file), name), 'file', { overwrite });
  }
  // A link leads to the file to replace, unless others are to be beside it, which the file names.
  const target = contents.size === 1 ? await followLinks(file) : resolve(file);
  const main = basename(target);
  const placed = join(dirname(target) === dirname(resolve(file)) ? dirname(file) : dirname(target), main);
  await checkExportTarget(checksumsBeside(placed), 'file', { overwrite });
  if (card !== undefined) await checkExportTarget(cardBeside(placed), 'file', { overwrite });
  return inPlace(file, target, async (fresh, move) => {
    const named = new Map([...contents].map(([name, each]) => [name === basename(file) ? main : name, each]));
    const { sums, sizes } = await writing(file, () => writeFiles(fresh, named));
    const written = sizesAnd(sizes, await check(join(fresh, main)));
    const extra = new Map([[checksumsBeside(main), checksumsText(sums)]]);
    if (card !== undefined) extra.set(cardBeside(main), card(written));
    await writing(file, () => writeFiles(fresh, extra));
    const isReplaced = overwrite && (await stat(target).catch(() => undefined)) !== undefined;
    await move({
      names: [...named.keys(), ...extra.keys()],
      removed: isReplaced ? companions.filter((name) => !named.has(name)) : [],
      overwrite,
    });
    return { ...written, ...(card !== undefined && { card: cardBeside(placed) }) };
  });
}

type Move = (replacement: Replacement) => Promise<void>;

/** Work in a folder beside a target, from which it moves what it made there. */
async function inPlace<T>(
  path: string,
  target: string,
  work: (fresh: string, move: Move) => Promise<T>,
): Promise<T> {
  await writing(path, () => makeFolder(dirname(target)));
  const inIt = (workspace: Workspace): Promise<T> =>
    work(workspace.fresh, (replacement) => writing(path, () => replaceAll(target, workspace, replacement)));
  return inWorkspace(target, inIt, path);
}

interface WrittenFiles {
  readonly sums: ReadonlyMap<string, string>;
  readonly sizes: Readonly<Record<string, number>>;
}

async function writeFiles(folder: string, files: ReadonlyMap<string, FileContent>): Promise<WrittenFiles> {
  const sums = new Map<string, string>();
  const sizes: Record<string, number> = {};
  for (const [name, content] of files) {
    const path = join(folder, name);
    await makeFolder(dirname(path));
    const { bytes, sha256 } = await writePieces(path, content);
    sums.set(name, sha256);
    sizes[name] = bytes;
  }
  return { sums, sizes };
}

function sizesAnd<Checked>(
  files: Readonly<Record<string, number>>,
  checked: Checked,
): WrittenExport<Checked> {
  return { files, bytes: Object.values(files).reduce((sum, size) => sum + size, 0), checked };
}

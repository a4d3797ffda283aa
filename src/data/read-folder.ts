import { readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { CardinalError, invalidArgument } from '../errors';

/** What a person has put into a folder: names, sorted as Python sorts them, by code points. */
export interface FolderEntries {
  /** Links to folders among them. */
  readonly folders: readonly string[];
  /** Links to files among them. */
  readonly files: readonly string[];
}

/** What systems leave in folders of images, in lower case, beside what begins with a dot. */
const LITTER: ReadonlySet<string> = new Set([
  '$recycle.bin',
  '#recycle',
  '@eadir',
  '__macosx',
  'desktop.ini',
  'ehthumbs.db',
  'icon\r',
  'lost+found',
  'system volume information',
  'thumbs.db',
]);

/**
 * The folders and files that a folder holds. Hidden ones and those that systems leave there are passed over, and
 * symbolic links are followed.
 *
 * @throws InvalidArgumentError if `path` is no folder
 * @throws CardinalError naming a folder that cannot be read, or a link to nothing
 */
export async function readFolder(path: string): Promise<FolderEntries> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
      throw invalidArgument('folder', 'a folder with one folder of images for each class', path);
    }
    throw new CardinalError(`${path} could not be read: ${error.message}`);
  });
  const folders: string[] = [];
  const files: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.') || LITTER.has(entry.name.toLowerCase())) continue;
    const kind = entry.isSymbolicLink() ? await followLink(join(path, entry.name)) : entry;
    if (kind.isDirectory()) folders.push(entry.name);
    else files.push(entry.name);
  }
  return { folders: folders.sort(byCodePoints), files: files.sort(byCodePoints) };
}

async function followLink(path: string): Promise<{ isDirectory(): boolean }> {
  return stat(path).catch(async (error: NodeJS.ErrnoException) => {
    const target = await readlink(path).catch(() => undefined);
    const reason = error.code === 'ENOENT' ? 'is not there' : `could not be read: ${error.message}`;
    throw new CardinalError(
      `${path} is a symbolic link to ${target ?? 'something'}, which ${reason}: mend it or take it away`,
    );
  });
}

/** The order of the bytes of UTF-8 is that of the code points; JavaScript's own is another beyond 65,535. */
function byCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

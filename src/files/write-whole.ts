import { createHash } from 'node:crypto';
import { chmod, link, open, rename, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

import { followLinks } from './follow-links';
import { clearAbandoned, removeQuietly, temporaryName } from './temporary';

/** What is in a file; of what comes in pieces, one after the other. */
export type FileContent = Uint8Array | string | Iterable<Uint8Array>;

/** What was written. */
export interface WrittenFile {
  readonly bytes: number;
  /** Of what was to be written, before it came to a disk; in hexadecimal. */
  readonly sha256: string;
}

// Of one write, which systems and Node bound at 2 GiB.
const MOST_AT_ONCE = 2 ** 30;

/**
 * Writes a file, whole or not at all, in place of one that is there: under a temporary name beside it, flushed, then renamed. A
 * link is followed, and what is no file, such as `/dev/stdout`, is written into.
 *
 * @throws Error with the system's `code`; then what was there is as it was
 *
 * @example
 * await writeWhole('comparison.md', text);
 */
export async function writeWhole(path: string, content: FileContent): Promise<WrittenFile> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile() && !found.isDirectory()) return writeInto(path, content);
  const target = await followLinks(path);
  await clearAbandoned(target);
  return underTemporaryName(target, content, async (temporary) => {
    if (found !== undefined) await chmod(temporary, found.mode);
    await rename(temporary, target);
  });
}

/**
 * Writes a file that is not there yet, whole or not at all.
 *
 * @throws Error whose `code` is `EEXIST` where there is something
 */
export async function writeNew(path: string, content: FileContent): Promise<WrittenFile> {
  return underTemporaryName(path, content, async (temporary) => {
    await takeName(temporary, path);
  });
}

/** Gives a file a name that nothing has; the file may keep its own beside it. */
export async function takeName(file: string, path: string): Promise<void> {
  try {
    await link(file, path);
  } catch (error) {
    // Where a file has one name only, as on FAT: then two that come at the same moment are not told apart.
    const canLink = !['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR'].includes(codeOf(error));
    if (canLink) throw error;
    const isThere = await stat(path).catch(() => undefined);
    if (isThere !== undefined) throw Object.assign(new Error(`EEXIST: ${path}`), { code: 'EEXIST' });
    await rename(file, path);
  }
}

/** Writes a file at a name that nobody knows yet, and flushes it. */
export async function writePieces(path: string, content: FileContent): Promise<WrittenFile> {
  const file = await open(path, 'wx');
  try {
    const written = await writeTo(file, content);
    await file.sync();
    return written;
  } finally {
    await file.close();
  }
}

/** Makes names that were given or taken in a folder last, where the system can. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

async function underTemporaryName(
  path: string,
  content: FileContent,
  place: (temporary: string) => Promise<void>,
): Promise<WrittenFile> {
  const temporary = temporaryName(path);
  try {
    const written = await writePieces(temporary, content);
    await place(temporary);
    await syncFolder(dirname(path));
    return written;
  } finally {
    await removeQuietly(temporary);
  }
}

async function writeInto(path: string, content: FileContent): Promise<WrittenFile> {
  const file = await open(path, 'w');
  try {
    return await writeTo(file, content);
  } finally {
    await file.close();
  }
}

async function writeTo(file: FileHandle, content: FileContent): Promise<WrittenFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const piece of piecesOf(content)) {
    hash.update(piece);
    for (let written = 0; written < piece.length;) {
      const length = Math.min(piece.length - written, MOST_AT_ONCE);
      written += (await file.write(piece, written, length)).bytesWritten;
    }
    bytes += piece.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

function piecesOf(content: FileContent): Iterable<Uint8Array> {
  if (typeof content === 'string') return [Buffer.from(content)];
  return ArrayBuffer.isView(content) ? [content] : content;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

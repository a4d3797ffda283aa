import { statSync, type Stats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';

import { CardinalError } from '../errors';

/** How {@link readRegularFile} reads. */
export interface ReadOptions {
  /** Told the first `headBytes` of the file, or all of a shorter one, before the rest is read; throws for what is not wanted. */
  readonly look?: (head: Buffer) => void;
  readonly headBytes?: number;
  /** A file of more bytes is refused before it is read. */
  readonly mostBytes?: number;
}

/** The longest array that Node reads a file into. */
const MOST_BYTES = 2 ** 31 - 1;
// Of one read, so that a file that has become shorter is noticed soon.
const AT_ONCE = 2 ** 24;

/**
 * The bytes of a regular file: what it has at the moment when it is opened.
 *
 * Opening a FIFO waits for somebody who writes to it, and a device may have no end, so that anything but a regular file is refused
 * before it is opened. Bytes are read, not mapped: a file that is cut off meanwhile is an error and not the end of the process.
 *
 * @throws CardinalError for what is no regular file, is too long, or becomes shorter while it is read
 * @throws Error with the system's `code` where the file is missing or cannot be opened
 */
export async function readRegularFile(path: string, options: ReadOptions = {}): Promise<Buffer> {
  const { look = () => {}, headBytes = 0, mostBytes = MOST_BYTES } = options;
  const file = await openRegularFile(path);
  try {
    const { size } = await file.stat();
    if (headBytes > 0) look(await readPart(file, path, Buffer.allocUnsafe(Math.min(headBytes, size)), 0));
    if (size > mostBytes) {
      throw new CardinalError(
        `${path} could not be read: it has ${size} bytes, and at most ${mostBytes} are read`,
      );
    }
    return await readPart(file, path, Buffer.allocUnsafeSlow(size), 0);
  } finally {
    await file.close();
  }
}

/** Opens a file to read it; throws as {@link readRegularFile}. */
async function openRegularFile(path: string): Promise<FileHandle> {
  refuseOthers(path, await stat(path));
  const file = await open(path, 'r');
  try {
    // Another may have taken its place since.
    refuseOthers(path, await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Refuses what is no regular file, before it is opened.
 *
 * @throws CardinalError as {@link readRegularFile} does; Error with the system's `code` where there is nothing
 */
export function checkRegularFileSync(path: string): void {
  refuseOthers(path, statSync(path));
}

async function readPart(file: FileHandle, path: string, bytes: Buffer, begin: number): Promise<Buffer> {
  for (let got = 0; got < bytes.length;) {
    const count = Math.min(bytes.length - got, AT_ONCE);
    const { bytesRead } = await file.read(bytes, got, count, begin + got);
    if (bytesRead === 0) throw new CardinalError(`${path} could not be read: it became shorter meanwhile`);
    got += bytesRead;
  }
  return bytes;
}

function refuseOthers(path: string, stats: Stats): void {
  if (!stats.isFile())
    throw new CardinalError(`${path} could not be read: it is no file but ${kindOf(stats)}`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return stats.isBlockDevice() || stats.isCharacterDevice() ? 'a device' : 'something else';
}

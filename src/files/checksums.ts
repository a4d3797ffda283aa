import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { CardinalError } from '../errors';
import { followLinks } from './follow-links';

/** The list in a folder whose files belong together, as `sha256sum` writes it and `sha256sum -c` checks it. */
export const CHECKSUMS = 'SHA256SUMS';

/** SHA-256 in hexadecimal by the names of files in one folder. */
export type Checksums = ReadonlyMap<string, string>;

/** The list beside a file that is not in a folder of its own. */
export function checksumsBeside(file: string): string {
  return `${file}.sha256`;
}

/** The text of a list. */
export function checksumsText(sums: Checksums): string {
  return [...sums].map(([name, sum]) => `${sum}  ${name}\n`).join('');
}

/**
 * The list in a file; `undefined` where there is none.
 *
 * @throws CardinalError if it cannot be read, or is no such list
 */
export async function readChecksums(list: string): Promise<Checksums | undefined> {
  const text = await readFile(list, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new CardinalError(`${list} could not be read: ${error.message}`);
  });
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  const sums = new Map<string, string>();
  for (const [i, line] of lines.slice(0, -1).entries()) {
    const [, sum, name] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
    if (sum === undefined) throw notList(list, `line ${i + 1} is no checksum and name`);
    sums.set(name, sum);
  }
  if (lines.at(-1) !== '' || sums.size === 0) throw notList(list, 'its last line is cut');
  return sums;
}

/**
 * Makes sure that files are what they were when they were written, where a list tells that.
 *
 * @param list its path: {@link CHECKSUMS} in the folder of the files, or {@link checksumsBeside} one of them
 * @param names of the files, which the list must tell
 * @throws CardinalError naming the file that is another than it was, or that the list does not tell
 *
 * @example
 * await verifyChecksums(join(folder, CHECKSUMS), ['model.json', 'weights.bin']);
 */
export async function verifyChecksums(list: string, names: readonly string[]): Promise<void> {
  const sums = await readChecksums(list);
  if (sums === undefined) return;
  for (const name of names) await verifyChecksum(list, sums, name);
}

/** As {@link verifyChecksums}, of one file by a list that has been read. */
export async function verifyChecksum(list: string, sums: Checksums, name: string): Promise<void> {
  const path = join(dirname(list), name);
  const expected = sums.get(name);
  if (expected === undefined) {
    throw notList(list, `it does not tell of ${name}, but of ${[...sums.keys()].join(', ')}`);
  }
  const received = await sha256Of(path);
  if (received === expected) return;
  throw new CardinalError(
    `${path} is damaged, or was changed since it was written: expected SHA-256 ${expected}, as ${list} has it. ` +
      `Received: ${received}. If it was changed on purpose, delete ${basename(list)}`,
  );
}

/**
 * As {@link verifyChecksums}, of a file that has its list beside it or, where it is one of a folder's, in the folder. Links are
 * followed.
 */
export async function verifyFile(path: string): Promise<void> {
  const real = await followLinks(path);
  const name = basename(real);
  const own = await readChecksums(checksumsBeside(real));
  if (own !== undefined) return verifyChecksum(checksumsBeside(real), own, name);
  const list = join(dirname(real), CHECKSUMS);
  // The folder may be anyone's, and so may the list.
  const sums = await readChecksums(list).catch(() => undefined);
  if (sums?.has(name) === true) await verifyChecksum(list, sums, name);
}

/** SHA-256 of a file, in hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 2 ** 20 }))
      hash.update(piece as Buffer);
  } catch (error) {
    throw new CardinalError(`${path} could not be read: ${(error as Error).message}`);
  }
  return hash.digest('hex');
}

function notList(list: string, why: string): CardinalError {
  return new CardinalError(
    `${list} is damaged: ${why}. If the files beside it are as they should be, delete it`,
  );
}

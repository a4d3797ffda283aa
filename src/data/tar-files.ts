import { createGunzip } from 'node:zlib';
import { CardinalError } from '../errors';

const BLOCK = 512;

/** A file of an archive. */
export interface ArchivedFile {
  /** Path within the archive, such as `package/test_batch.png`. */
  name: string;
  bytes: Buffer;
}

/**
 * The files of a gzipped tar archive that `wanted` names, one after another, without a file being written and without
 * the whole being unpacked at once.
 *
 * Reads the header of POSIX.1-1988 (ustar) and passes over every entry that is not a plain file, which is enough
 * for what `npm pack` makes of short names.
 *
 * @throws CardinalError when the archive is not sound or, at its end, has lacked one of the files
 */
export async function* filesFromTarball(
  tarball: Buffer,
  wanted: readonly string[],
): AsyncGenerator<ArchivedFile, void, undefined> {
  const missing = new Set(wanted);
  const header = Buffer.alloc(BLOCK);
  let part: 'header' | 'body' | 'padding' = 'header';
  let entry = { name: '', size: 0, isFile: false };
  let target: Buffer | undefined = header;
  let length = BLOCK;
  let done = 0;

  for await (const chunk of unzipped(tarball)) {
    for (let at = 0; at < chunk.length;) {
      const taken = Math.min(chunk.length - at, length - done);
      if (target) chunk.copy(target, done, at, at + taken);
      at += taken;
      done += taken;
      // A part may be empty, so that several can end at the same byte.
      while (done === length) {
        if (part === 'header') {
          if (header[0] === 0) return failIfMissing(missing);
          entry = parseHeader(header);
          part = 'body';
          length = entry.size;
          target = entry.isFile && missing.has(entry.name) ? Buffer.allocUnsafe(length) : undefined;
        } else if (part === 'body') {
          if (target) yield { name: entry.name, bytes: target };
          if (target) missing.delete(entry.name);
          part = 'padding';
          length = (BLOCK - (entry.size % BLOCK)) % BLOCK;
          target = undefined;
        } else {
          part = 'header';
          length = BLOCK;
          target = header;
        }
        done = 0;
      }
    }
  }
  failIfMissing(missing);
}

async function* unzipped(tarball: Buffer): AsyncGenerator<Buffer, void, undefined> {
  const stream = createGunzip();
  stream.end(tarball);
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    throw new CardinalError(`the archive is damaged: ${(error as Error).message}`);
  }
}

function failIfMissing(missing: ReadonlySet<string>): void {
  if (missing.size > 0) throw new CardinalError(`the archive lacks ${[...missing].join(', ')}`);
}

function parseHeader(header: Buffer): { name: string; size: number; isFile: boolean } {
  if (octal(header, 148, 8) !== checksum(header)) {
    throw new CardinalError('the archive is damaged: the checksum of a tar header is wrong');
  }
  const prefix = text(header, 345, 155);
  const name = text(header, 0, 100);
  const type = header[156];
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: octal(header, 124, 12),
    isFile: type === 0 || type === '0'.charCodeAt(0),
  };
}

function text(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
}

function octal(header: Buffer, start: number, length: number): number {
  return Number.parseInt(text(header, start, length), 8);
}

/** The sum of the header's bytes, those of the sum itself read as spaces. */
function checksum(header: Buffer): number {
  let sum = 8 * ' '.charCodeAt(0);
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += header[i];
  return sum;
}

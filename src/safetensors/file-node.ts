import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { checkText } from '../check-kinds';
import { CardinalError, check } from '../errors';
import { HEAD_BYTES, insteadOf } from '../file-kinds';
import { decodeTensor } from './decode';
import { headerLength, parseHeader, PREFIX_BYTES } from './header';
import { safetensorsPieces, type TensorToStore } from './serialise';
import { SafetensorsError, type SafetensorsContent, type StoredTensor } from './tensor';

/**
 * Reads a safetensors file. The header is read and checked against the file's length before any tensor is.
 *
 * @throws SafetensorsError naming the file, if it is damaged; CardinalError, if it cannot be read
 *
 * @example
 * const { tensors, metadata } = await readSafetensors('runs/toy/best.safetensors');
 */
export async function readSafetensors(path: string): Promise<SafetensorsContent> {
  checkText('path', 'the path of a safetensors file', path);
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new CardinalError(error.code === 'ENOENT' ? `${path}: no such file` : `${path}: ${error.message}`);
  });
  const read = async (begin: number, end: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(end - begin);
    for (let got = 0; got < bytes.length;) {
      const { bytesRead } = await file.read(bytes, got, bytes.length - got, begin + got);
      if (bytesRead === 0) throw new SafetensorsError('the file became shorter while it was read');
      got += bytesRead;
    }
    return bytes;
  };
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new CardinalError(`${path}: not a file`);
    const size = stats.size;
    const start = PREFIX_BYTES + headerLength(await read(0, Math.min(PREFIX_BYTES, size)), size);
    const { entries, metadata } = parseHeader(await read(PREFIX_BYTES, start), size - start);
    const tensors = new Map<string, StoredTensor>();
    for (const [name, entry] of entries) {
      tensors.set(name, decodeTensor(entry, await read(start + entry.begin, start + entry.end)));
    }
    return { tensors, metadata };
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error;
    const head = await read(0, Math.min(HEAD_BYTES, (await file.stat()).size));
    const what = insteadOf('safetensors', head) ?? `damaged: ${error.message}`;
    throw new SafetensorsError(`${path} is ${what}`, { cause: error });
  } finally {
    await file.close();
  }
}

/**
 * Writes a safetensors file, whole or not at all: under a temporary name beside it, flushed, then renamed.
 *
 * @throws InvalidArgumentError as `safetensorsPieces` does; CardinalError if it cannot be written
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorToStore>,
  metadata?: ReadonlyMap<string, string>,
): Promise<void> {
  checkText('path', 'the path of the safetensors file to write', path);
  check(tensors instanceof Map, 'tensors', 'a Map of tensors by name', tensors);
  check(metadata === undefined || metadata instanceof Map, 'metadata', 'a Map of texts by name', metadata);
  const pieces = safetensorsPieces(tensors, metadata);
  const mark = createHash('sha256')
    .update(`${process.pid} ${process.hrtime.bigint()}`)
    .digest('hex')
    .slice(0, 8);
  const temporary = join(dirname(path), `.${basename(path)}.${mark}`);
  try {
    const file = await open(temporary, 'wx');
    try {
      for (const piece of pieces) await writeAll(file, piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new CardinalError(`${path} could not be written: ${(error as Error).message}`);
  }
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, piece: Uint8Array): Promise<void> {
  for (let written = 0; written < piece.length;) {
    const { bytesWritten } = await file.write(piece, written);
    written += bytesWritten;
  }
}

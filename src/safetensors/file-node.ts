import { open, stat } from 'node:fs/promises';

import { checkText } from '../check-kinds';
import { CardinalError, check } from '../errors';
import { HEAD_BYTES, insteadOf } from '../file-kinds';
import { verifyFile } from '../files/checksums';
import { settleToRead } from '../files/replace';
import { writeListed } from '../files/write-listed';
import { writing } from '../files/writing';
import { headerLength, parseHeader, PREFIX_BYTES } from './header';
import { readTensors } from './read-tensors';
import { safetensorsPieces, type TensorToStore } from './serialise';
import { SafetensorsError, type SafetensorsContent } from './tensor';

/**
 * Reads a safetensors file. The header is read and checked against the file's length before any tensor is; where there is a list
 * of checksums, `NAME.sha256` beside it or `SHA256SUMS` in its folder, so is its content.
 *
 * @throws SafetensorsError naming the file, if it is damaged; CardinalError, if it cannot be read, or is another than was written
 *
 * @example
 * const { tensors, metadata } = await readSafetensors('runs/toy/best.safetensors');
 */
export async function readSafetensors(path: string): Promise<SafetensorsContent> {
  checkText('path', 'the path of a safetensors file', path);
  await settleToRead(path);
  const content = await readSafetensorsUnchecked(path);
  await verifyFile(path);
  return content;
}

/** As {@link readSafetensors}, for who checks the file's content by a list of its own. */
export async function readSafetensorsUnchecked(path: string): Promise<SafetensorsContent> {
  // Opening a pipe would wait for who writes into it.
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile()) throw new CardinalError(`${path}: not a file`);
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
    const { size } = await file.stat();
    const start = PREFIX_BYTES + headerLength(await read(0, Math.min(PREFIX_BYTES, size)), size);
    const { entries, metadata } = parseHeader(await read(PREFIX_BYTES, start), size - start);
    const tensors = await readTensors(entries, (begin, end) => read(start + begin, start + end));
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
 * Writes a safetensors file and, beside it, `NAME.sha256`, which `readSafetensors` and `sha256sum -c` check it by; both or none.
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
  await writing(path, () => writeListed(path, pieces));
}

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import { CardinalError } from '../errors';
import { checkRegularFileSync } from '../files/regular-file';
import { OnnxError } from './onnx-error';
import type { ExternalFile } from './onnx-tensors';

// Of one read, which systems and Node bound at 2 GiB.
const MOST_AT_ONCE = 2 ** 30;

/** A file whose bytes are read when they are asked for, since it may be larger than what memory holds twice. */
export class OpenFile implements ExternalFile {
  readonly length: number;
  private readonly descriptor: number;

  /** @throws OnnxError naming the file that is missing or cannot be read */
  constructor(private readonly path: string) {
    try {
      // Opening a FIFO would wait for who writes to it.
      checkRegularFileSync(path);
      this.descriptor = openSync(path, 'r');
    } catch (error) {
      if (error instanceof CardinalError) throw new OnnxError(`${error.message}.`, { cause: error });
      const { code, message } = error as NodeJS.ErrnoException;
      const missing = code === 'ENOENT' || code === 'ENOTDIR';
      const what = missing ? `${path}: no such file.` : `${path} could not be read: ${message}.`;
      throw new OnnxError(what, { cause: error });
    }
    const found = fstatSync(this.descriptor);
    this.length = found.size;
    if (!found.isFile()) {
      this.close();
      throw new OnnxError(`${path} could not be read: it is no file.`);
    }
  }

  /** @throws OnnxError if the file has become shorter meanwhile */
  subarray(begin: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - begin);
    for (let at = 0; at < bytes.length;) {
      const count = Math.min(bytes.length - at, MOST_AT_ONCE);
      const read = readSync(this.descriptor, bytes, at, count, begin + at);
      if (read === 0) throw new OnnxError(`${this.path} became shorter while it was read.`);
      at += read;
    }
    return bytes;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

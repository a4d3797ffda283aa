import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { CardinalError } from '../errors';
import {
  PATIENCE_MS,
  reason,
  refuseFailure,
  request,
  versionOf,
  UnreachableError,
  type RemoteFile,
} from './remote-file-node';

export interface DownloadOptions {
  /** Told how many bytes of the file are there, and how many it has; 0 where that is not known. */
  readonly onBytes?: (done: number, total: number) => void;
  /** Attempts in a row that bring nothing, after which it gives up. */
  readonly attempts?: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly delay?: number;
}

/**
 * Fetches a file to `path`, whole and as the server has said it is, or not at all.
 *
 * What has come is kept beside it under a name of this version of the file. After a cut, and in a later call too, only the rest is
 * asked for, where the server can send a part. Two processes may fetch the same file at once: what they write is the same.
 *
 * @returns the SHA-256 of the content, in hexadecimal
 * @throws CardinalError if it cannot be fetched, or is of another length or hash than the server said
 */
export async function download(
  remote: RemoteFile,
  path: string,
  { onBytes = () => {}, attempts = 5, delay = 500 }: DownloadOptions = {},
): Promise<string> {
  const part = partName(remote, path);
  const isResumable = remote.version !== undefined;
  try {
    for (let failures = 0; ;) {
      if (!isResumable) await rm(part, { force: true });
      const before = await sizeOf(part);
      try {
        await fetchRest(remote, part, before, onBytes);
        break;
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        failures = isResumable && (await sizeOf(part)) > before ? 1 : failures + 1;
        if (failures >= attempts) throw error;
        await sleep(delay * 2 ** (failures - 1));
      }
    }
    return await moveInPlace(remote, part, path);
  } catch (error) {
    if (!isResumable) await rm(part, { force: true });
    throw error instanceof CardinalError
      ? error
      : new CardinalError(`${path} could not be written: ${(error as Error).message}`);
  }
}

/** Checks what has come, and gives it its name. */
async function moveInPlace(remote: RemoteFile, part: string, path: string): Promise<string> {
  const expected = remote.sha256;
  try {
    const sha256 = await hashOf(part);
    if (expected === undefined || sha256 === expected) {
      await rename(part, path);
      return sha256;
    }
    await rm(part, { force: true });
    throw new CardinalError(
      `${remote.url} arrived damaged and was thrown away: expected sha256 ${expected}, received ${sha256}`,
    );
  } catch (error) {
    // Another process was done with the same file first.
    const isThere = (error as NodeJS.ErrnoException).code === 'ENOENT' && (await sizeOf(path)) > 0;
    if (!isThere) throw error;
    return hashOf(path);
  }
}

/** A name for what has come so far: of this version of the file, or where that is not known, of this call alone. */
function partName({ url, version }: RemoteFile, path: string): string {
  const mark = version === undefined ? `${process.pid} ${process.hrtime.bigint()}` : `${url} ${version}`;
  return `${path}.${createHash('sha256').update(mark).digest('hex').slice(0, 12)}.part`;
}

async function fetchRest(
  remote: RemoteFile,
  part: string,
  begin: number,
  onBytes: (done: number, total: number) => void,
): Promise<void> {
  const { url } = remote;
  if (begin > 0 && begin === remote.bytes) return;
  const stalled = new AbortController();
  const timer = setTimeout(
    () => stalled.abort(new Error(`nothing came for ${PATIENCE_MS / 1000} s`)),
    PATIENCE_MS,
  );
  try {
    const headers: Record<string, string> = begin > 0 ? { range: `bytes=${begin}-` } : {};
    const { hops, response } = await request(url, { method: 'GET', headers, signal: stalled.signal });
    if (response.status === 416) {
      await rm(part, { force: true });
      throw new UnreachableError(`${url} could not be fetched: the server has no such part of it`);
    }
    refuseFailure(url, response);
    if (remote.version !== undefined && versionOf(hops) !== remote.version) {
      throw new CardinalError(`${url} changed while it was being fetched: try again`);
    }
    const { start, total } = extent(response, begin, remote);
    await writeBody(response, part, start, (done) => {
      timer.refresh();
      onBytes(done, total);
    });
    const size = await sizeOf(part);
    if (total > 0 && size > total) {
      await rm(part, { force: true });
      throw new CardinalError(
        `${url} is longer than the server said: expected ${total} bytes, received ${size}`,
      );
    }
    if (size < total) throw new UnreachableError(`${url} broke off after ${size} of ${total} bytes`);
  } finally {
    clearTimeout(timer);
  }
}

/** Where what the server sends begins, and how many bytes the file has; a server that knows no ranges sends it all. */
function extent(
  response: Response,
  asked: number,
  { url, bytes }: RemoteFile,
): { start: number; total: number } {
  if (response.status !== 206) {
    return { start: 0, total: bytes ?? Number(response.headers.get('content-length') ?? 0) };
  }
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  if (range === null || Number(range[1]) !== asked) {
    throw new CardinalError(`${url} could not be fetched: the server sent another part than was asked for`);
  }
  return { start: asked, total: bytes ?? (range[2] === '*' ? 0 : Number(range[2])) };
}

async function writeBody(
  response: Response,
  part: string,
  start: number,
  onBytes: (done: number) => void,
): Promise<void> {
  const file = await openForUpdate(part);
  let at = start;
  try {
    onBytes(at);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (;;) {
      const { value } = await reader.read().catch((error: Error) => {
        throw new UnreachableError(`${response.url} broke off after ${at} bytes: ${reason(error)}`);
      });
      if (value === undefined) break;
      for (let written = 0; written < value.length;) {
        written += (await file.write(value, written, value.length - written, at + written)).bytesWritten;
      }
      at += value.length;
      onBytes(at);
    }
  } finally {
    // Also after a cut: what is there is to be there after a crash, too.
    await file.sync();
    await file.close();
  }
}

/** Opens a file to write anywhere in it, keeping what it has. */
async function openForUpdate(path: string): Promise<FileHandle> {
  return open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return open(path, 'w+');
  });
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/** The SHA-256 of a file, in hexadecimal. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

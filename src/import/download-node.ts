import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { LEAST_BYTES, StallWatch } from '../data/stall-watch';
import { CardinalError } from '../errors';
import {
  reason,
  refuseFailure,
  request,
  StalledError,
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
  /** Milliseconds in which something must come, or the server has stalled; 30 s by default. */
  readonly patience?: number;
  /** A file of more bytes is not fetched. */
  readonly mostBytes?: number;
}

// More than arrays hold, so than any file of weights that could be read.
const MOST_BYTES = 2 ** 33;
/** A server that has stalled so often in a row is given up. */
const MOST_STALLS = 2;

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
  { onBytes = () => {}, attempts = 5, delay = 500, patience, mostBytes = MOST_BYTES }: DownloadOptions = {},
): Promise<string> {
  const part = partName(remote, path);
  const isResumable = remote.version !== undefined;
  try {
    for (let [failures, stalls] = [0, 0]; ;) {
      if (!isResumable) await rm(part, { force: true });
      const before = await sizeOf(part);
      try {
        await fetchRest(remote, part, before, { onBytes, patience, mostBytes });
        break;
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        // A few bytes an attempt would be no end of attempts.
        const hasProgressed = isResumable && (await sizeOf(part)) >= before + LEAST_BYTES;
        failures = hasProgressed ? 1 : failures + 1;
        stalls = error instanceof StalledError ? (hasProgressed ? 1 : stalls + 1) : 0;
        if (failures >= attempts || stalls >= MOST_STALLS) throw error;
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
  {
    onBytes,
    patience,
    mostBytes,
  }: Required<Pick<DownloadOptions, 'onBytes' | 'mostBytes'>> & DownloadOptions,
): Promise<void> {
  const { url } = remote;
  if (begin > 0 && begin === remote.bytes) return;
  const watch = new StallWatch(patience);
  try {
    const headers: Record<string, string> = begin > 0 ? { range: `bytes=${begin}-` } : {};
    const { hops, response } = await request(url, { method: 'GET', headers, signal: watch.signal });
    if (response.status === 416) {
      await rm(part, { force: true });
      throw new UnreachableError(`${url} could not be fetched: the server has no such part of it`);
    }
    refuseFailure(url, response);
    if (remote.version !== undefined && versionOf(hops) !== remote.version) {
      throw new CardinalError(`${url} changed while it was being fetched: try again`);
    }
    const { start, total } = extent(response, begin, remote);
    if (total > mostBytes) {
      throw new CardinalError(
        `${url} was not fetched: expected at most ${mostBytes} bytes. Received: ${total}`,
      );
    }
    const most = total > 0 ? total : mostBytes;
    let before = start;
    const onDone = (done: number): void => {
      watch.received(done - before);
      before = done;
      onBytes(done, total);
    };
    const hasEnded = await writeBody(response, part, start, { watch, most, onDone });
    const size = await sizeOf(part);
    // A server without ranges may have sent less than was there from it before.
    if (!hasEnded || (total > 0 && size > total)) {
      await rm(part, { force: true });
      throw new CardinalError(
        total > 0
          ? `${url} is longer than the server said: expected ${total} bytes. Received: more`
          : `${url} was not fetched: expected at most ${mostBytes} bytes. Received: more`,
      );
    }
    if (size < total) throw new UnreachableError(`${url} broke off after ${size} of ${total} bytes`);
  } finally {
    watch.stop();
  }
}

/** Where what the server sends begins, and how many bytes the file has; a server that knows no ranges sends it all. */
function extent(
  response: Response,
  asked: number,
  { url, bytes }: RemoteFile,
): { start: number; total: number } {
  if (response.status !== 206) {
    const told = Number(response.headers.get('content-length') ?? 0);
    return { start: 0, total: bytes ?? (Number.isSafeInteger(told) ? told : 0) };
  }
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  if (range === null || Number(range[1]) !== asked) {
    throw new CardinalError(`${url} could not be fetched: the server sent another part than was asked for`);
  }
  return { start: asked, total: bytes ?? (range[2] === '*' ? 0 : Number(range[2])) };
}

/** Writes what comes, and returns whether it ended within `most` bytes; of what goes on no more is taken. */
async function writeBody(
  response: Response,
  part: string,
  start: number,
  { watch, most, onDone }: { watch: StallWatch; most: number; onDone: (done: number) => void },
): Promise<boolean> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const file = await openForUpdate(part);
  let at = start;
  try {
    onDone(at);
    for (;;) {
      const { value } = await reader.read().catch((error: Error) => {
        const said = `${response.url} broke off after ${at} bytes: ${reason(error)}`;
        throw watch.signal.aborted ? new StalledError(said) : new UnreachableError(said);
      });
      if (value === undefined) return true;
      if (at + value.length > most) return false;
      for (let written = 0; written < value.length;) {
        written += (await file.write(value, written, value.length - written, at + written)).bytesWritten;
      }
      at += value.length;
      onDone(at);
    }
  } finally {
    // Where it did not come to its end the connection would stay open.
    await reader.cancel().catch(() => undefined);
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

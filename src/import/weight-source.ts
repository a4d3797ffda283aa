import { CardinalError, invalidArgument } from '../errors';
import type { LoadProgress } from '../data/load-progress';
import { StallWatch } from '../data/stall-watch';
import { parseSafetensors } from '../safetensors/parse';
import { SafetensorsError, type StoredTensor } from '../safetensors/tensor';
import { hubAddress, hubUrl, isHttpUrl } from './hub-address';

/**
 * The tensors of a safetensors file on the Hugging Face hub or at a URL, for browsers: they have their own cache.
 * `weight-source-node.ts` takes its place in Node.
 *
 * @throws InvalidArgumentError for a source that is neither
 * @throws CardinalError if it cannot be fetched whole; SafetensorsError if it is damaged
 */
export async function readWeightSource(
  source: string,
  onProgress: (event: LoadProgress) => void = () => {},
): Promise<ReadonlyMap<string, StoredTensor>> {
  const address = hubAddress(source);
  if (address === undefined && !isHttpUrl(source)) {
    throw invalidArgument('weights', "'hf:OWNER/REPO' or an http(s) URL", source);
  }
  const url = address === undefined ? source : hubUrl(address);
  const bytes = await fetchAll(url, `fetching ${source}`, onProgress);
  try {
    return parseSafetensors(bytes).tensors;
  } catch (error) {
    throw error instanceof SafetensorsError ? new SafetensorsError(`${url}: ${error.message}`) : error;
  }
}

/** More than one array holds. */
const MOST_BYTES = 2 ** 32;

/** What is at a URL; a server that stalls or has no end is left. */
async function fetchAll(
  url: string,
  phase: string,
  onProgress: (event: LoadProgress) => void,
): Promise<Uint8Array> {
  const watch = new StallWatch();
  const failed = (error: Error): never => {
    const { message } = watch.signal.aborted ? (watch.signal.reason as Error) : error;
    throw new CardinalError(`${url} could not be fetched: ${message}`);
  };
  try {
    const response = await fetch(url, { signal: watch.signal }).catch(failed);
    if (!response.ok || response.body === null) {
      throw new CardinalError(`${url} could not be fetched: the server answered ${response.status}`);
    }
    const { headers } = response;
    const total = Number(headers.get('content-length') ?? 0);
    // The length of what is compressed says nothing of what it becomes.
    const most = total > 0 && !headers.has('content-encoding') ? total : MOST_BYTES;
    const chunks: Uint8Array[] = [];
    let done = 0;
    const reader = response.body.getReader();
    for (;;) {
      const { value } = await reader.read().catch(failed);
      if (value === undefined) break;
      chunks.push(value);
      done += value.length;
      if (done > most) {
        await reader.cancel();
        throw new CardinalError(
          `${url} could not be fetched: expected at most ${most} bytes. Received: more`,
        );
      }
      watch.received(value.length);
      onProgress({ phase, done, total, unit: 'bytes' });
    }
    return joined(chunks, done);
  } finally {
    watch.stop();
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

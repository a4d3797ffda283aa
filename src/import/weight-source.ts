import { CardinalError, invalidArgument } from '../errors';
import type { LoadProgress } from '../data/load-progress';
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
  const response = await fetch(url).catch((error: Error) => {
    throw new CardinalError(`${url} could not be fetched: ${error.message}`);
  });
  if (!response.ok || response.body === null) {
    throw new CardinalError(`${url} could not be fetched: the server answered ${response.status}`);
  }
  const total = Number(response.headers.get('content-length') ?? 0);
  const bytes = await readAll(response.body, total, `fetching ${source}`, onProgress);
  try {
    return parseSafetensors(bytes).tensors;
  } catch (error) {
    throw error instanceof SafetensorsError ? new SafetensorsError(`${url}: ${error.message}`) : error;
  }
}

async function readAll(
  body: ReadableStream<Uint8Array>,
  total: number,
  phase: string,
  onProgress: (event: LoadProgress) => void,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let done = 0;
  const reader = body.getReader();
  for (;;) {
    const { value } = await reader.read();
    if (value === undefined) break;
    chunks.push(value);
    done += value.length;
    onProgress({ phase, done, total, unit: 'bytes' });
  }
  const bytes = new Uint8Array(done);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

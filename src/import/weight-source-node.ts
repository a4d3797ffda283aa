import type { LoadProgress } from '../data/load-progress';
import { check } from '../errors';
import { readSafetensors } from '../safetensors/file-node';
import type { StoredTensor } from '../safetensors/tensor';
import { cachedFile } from './cached-file-node';
import { HUB_ENDPOINT, hubAddress, hubUrl, isHttpUrl } from './hub-address';

/**
 * The tensors of a safetensors file: on the Hugging Face hub (`hf:OWNER/REPO`), at an http(s) URL, or at a path.
 *
 * What is fetched is kept in the cache folder. The environment's HF_ENDPOINT names another hub, as for huggingface_hub.
 *
 * @throws InvalidArgumentError for a source that begins with `hf:` and is of another form
 * @throws CardinalError if it cannot be read or fetched; SafetensorsError if it is damaged
 */
export async function readWeightSource(
  source: string,
  onProgress: (event: LoadProgress) => void = () => {},
): Promise<ReadonlyMap<string, StoredTensor>> {
  const address = hubAddress(source);
  if (address === undefined && !isHttpUrl(source)) return (await readSafetensors(source)).tensors;
  const url = address === undefined ? source : hubUrl(address, process.env.HF_ENDPOINT || HUB_ENDPOINT);
  check(URL.canParse(url), 'weights', 'a URL that can be parsed', url);
  const phase = `fetching ${source}`;
  const path = await cachedFile(url, {
    immutable: address !== undefined && /^[0-9a-f]{40}$/.test(address.revision),
    onBytes: (done, total) => onProgress({ phase, done, total, unit: 'bytes' }),
  });
  return (await readSafetensors(path)).tensors;
}

import { insteadOf } from '../file-kinds';
import { decodeTensor } from './decode';
import { headerLength, parseHeader, PREFIX_BYTES } from './header';
import { SafetensorsError, type SafetensorsContent, type StoredTensor } from './tensor';

/**
 * Reads a safetensors file that is in memory.
 *
 * Tensors other than half-precision ones share memory with `bytes` where their alignment allows.
 *
 * @throws SafetensorsError unless the bytes are one whole, well-formed file: a header of valid JSON without
 *   duplicate keys, known types, shapes that match their bytes, and no overlap, hole or surplus
 * @see https://github.com/huggingface/safetensors for the format
 *
 * @example
 * const { tensors } = parseSafetensors(new Uint8Array(await response.arrayBuffer()));
 * tensors.get('fc.weight')?.shape; // [10, 256]
 */
export function parseSafetensors(bytes: Uint8Array): SafetensorsContent {
  try {
    return parsed(bytes);
  } catch (error) {
    const instead = insteadOf('safetensors', bytes);
    if (instead === undefined) throw error;
    throw new SafetensorsError(`the bytes are ${instead}`, { cause: error });
  }
}

function parsed(bytes: Uint8Array): SafetensorsContent {
  const dataStart = PREFIX_BYTES + headerLength(bytes.subarray(0, PREFIX_BYTES), bytes.length);
  const { entries, metadata } = parseHeader(
    bytes.subarray(PREFIX_BYTES, dataStart),
    bytes.length - dataStart,
  );
  const data = bytes.subarray(dataStart);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of entries) {
    tensors.set(name, decodeTensor(entry, data.subarray(entry.begin, entry.end)));
  }
  return { tensors, metadata };
}

import { parseStrictJson, type StrictJson } from './strict-json';
import { DTYPE_BYTES, SafetensorsError, type Dtype } from './tensor';

/** Bytes at the start of a file that tell the length of the header. */
export const PREFIX_BYTES = 8;

/** No real header is longer; it is the bound that the format's own reference reader has. */
export const LONGEST_HEADER = 100_000_000;

/** Where a tensor's bytes lie, counted from the end of the header. */
export interface TensorEntry {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * The length of the header, in bytes, from the first 8 bytes of a file of `fileBytes`.
 *
 * @throws SafetensorsError if the file is too short for it, or the length absurd
 */
export function headerLength(prefix: Uint8Array, fileBytes: number): number {
  if (prefix.length < PREFIX_BYTES || fileBytes < PREFIX_BYTES) {
    throw new SafetensorsError(
      `the file has ${fileBytes} bytes, fewer than the ${PREFIX_BYTES} that it starts with`,
    );
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(LONGEST_HEADER)) {
    throw new SafetensorsError(`the header claims ${length} bytes; at most ${LONGEST_HEADER} are allowed`);
  }
  if (Number(length) > fileBytes - PREFIX_BYTES) {
    throw new SafetensorsError(
      `the header claims ${length} bytes, but the file ends after ${fileBytes - PREFIX_BYTES}`,
    );
  }
  return Number(length);
}

/**
 * Reads and checks a header: every entry's type, shape and place, and that the entries fill `dataBytes` without
 * overlap or hole. Nothing is allocated for a tensor before all of that has been checked.
 *
 * @param bytes the header alone, without the 8 bytes that tell its length
 * @param dataBytes how many bytes follow the header
 * @throws SafetensorsError
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number): Header {
  const root = parseStrictJson(decodeText(bytes));
  if (!isObject(root)) throw new SafetensorsError('the header is not a JSON object');
  const entries = new Map<string, TensorEntry>();
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, value] of root) {
    if (name === '__metadata__') metadata = parseMetadata(value);
    else entries.set(name, parseEntry(name, value));
  }
  checkLayout(entries, dataBytes);
  return { entries, metadata };
}

function decodeText(bytes: Uint8Array): string {
  if (bytes[0] !== 0x7b) throw new SafetensorsError('the header does not start with {');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SafetensorsError('the header is not valid UTF-8');
  }
}

function parseMetadata(value: StrictJson): ReadonlyMap<string, string> {
  if (!isObject(value)) throw new SafetensorsError('__metadata__ is not an object');
  const metadata = new Map<string, string>();
  for (const [key, text] of value) {
    if (typeof text !== 'string') throw new SafetensorsError(`__metadata__ has no text at ${quote(key)}`);
    metadata.set(key, text);
  }
  return metadata;
}

function parseEntry(name: string, value: StrictJson): TensorEntry {
  if (!isObject(value)) throw new SafetensorsError(`the entry of ${quote(name)} is not an object`);
  for (const field of value.keys()) {
    if (!['dtype', 'shape', 'data_offsets'].includes(field)) {
      throw new SafetensorsError(`${quote(name)} has the unknown field ${quote(field)}`);
    }
  }
  const dtype = value.get('dtype');
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype)) {
    const known = Object.keys(DTYPE_BYTES).join(', ');
    throw new SafetensorsError(`${quote(name)} has the dtype ${quote(dtype)}; known are ${known}`);
  }
  const shape = counts(value.get('shape'));
  if (shape === undefined) throw new SafetensorsError(`${quote(name)} has no shape of whole numbers`);
  const offsets = counts(value.get('data_offsets'));
  const [begin, end] = offsets ?? [];
  if (begin === undefined || end === undefined || offsets?.length !== 2) {
    throw new SafetensorsError(`${quote(name)} has no data_offsets [begin, end]`);
  }
  const bytes = byteLength(dtype as Dtype, shape);
  if (bytes === undefined) throw new SafetensorsError(`${quote(name)} has more elements than can be counted`);
  if (end - begin !== bytes) {
    throw new SafetensorsError(
      `${quote(name)} of shape [${shape.join(', ')}] and dtype ${dtype} takes ${bytes} bytes, but has ${end - begin}`,
    );
  }
  return { dtype: dtype as Dtype, shape, begin, end };
}

function checkLayout(entries: ReadonlyMap<string, TensorEntry>, dataBytes: number): void {
  const inOrder = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let filled = 0;
  for (const [name, { begin, end }] of inOrder) {
    if (end > dataBytes) {
      throw new SafetensorsError(
        `${quote(name)} ends at byte ${end} of the data, which has only ${dataBytes}`,
      );
    }
    if (begin < filled) throw new SafetensorsError(`${quote(name)} overlaps the tensor before it`);
    if (begin > filled)
      throw new SafetensorsError(`${begin - filled} bytes before ${quote(name)} belong to no tensor`);
    filled = end;
  }
  if (filled !== dataBytes) {
    throw new SafetensorsError(`the last ${dataBytes - filled} bytes of the file belong to no tensor`);
  }
}

/** Bytes of a tensor, or `undefined` where the product leaves the safe integers. */
function byteLength(dtype: Dtype, shape: readonly number[]): number | undefined {
  let bytes: number = DTYPE_BYTES[dtype];
  for (const extent of shape) {
    bytes *= extent;
    if (!Number.isSafeInteger(bytes)) return undefined;
  }
  return bytes;
}

function counts(value: StrictJson | undefined): readonly number[] | undefined {
  const isCounts = Array.isArray(value) && value.every((item) => typeof item === 'number');
  return isCounts ? (value as readonly number[]) : undefined;
}

function isObject(value: StrictJson): value is ReadonlyMap<string, StrictJson> {
  return value instanceof Map;
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 100 ? text : `${text.slice(0, 97)}..."`;
}

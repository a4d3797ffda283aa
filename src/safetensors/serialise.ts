import { check, invalidArgument } from '../errors';
import { PREFIX_BYTES } from './header';
import { DTYPE_BYTES, type Dtype, type StoredTensor, type TensorData } from './tensor';

/** A tensor to write. Without `dtype` it has the type of its array (`F32` for a `Float32Array`). */
export type TensorToStore = Omit<StoredTensor, 'dtype'> & { readonly dtype?: Dtype };

/**
 * A safetensors file as the pieces that it consists of, so that large tensors need not be copied into one buffer.
 *
 * The same tensors give the same bytes, in whatever order they come: wide types first, then by name.
 *
 * @param tensors by name; `data` as long as the product of `shape`
 * @param metadata free text by name
 * @throws InvalidArgumentError if a name is reserved or the data does not fit its shape or type
 */
export function safetensorsPieces(
  tensors: ReadonlyMap<string, TensorToStore>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array[] {
  const header: [string, unknown][] = [];
  if (metadata.size > 0) header.push(['__metadata__', metadata]);
  const pieces: Uint8Array[] = [];
  let begin = 0;
  for (const [name, tensor, dtype] of ordered(tensors)) {
    const { data, shape } = tensor;
    check(name !== '__metadata__', 'tensors', 'names other than __metadata__, which is reserved', name);
    const elements = shape.reduce((product, extent) => product * extent, 1);
    check(elements === data.length, name, `${elements} values for shape [${shape.join(', ')}]`, data.length);
    const end = begin + data.byteLength;
    header.push([name, { dtype, shape, data_offsets: [begin, end] }]);
    pieces.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    begin = end;
  }
  return [...headerPieces(header), ...pieces];
}

/**
 * A safetensors file in one piece.
 *
 * @throws InvalidArgumentError as {@link safetensorsPieces} does
 *
 * @example
 * serialiseSafetensors(new Map([['bias', { shape: [2], data: new Float32Array([1, 2]) }]]));
 */
export function serialiseSafetensors(
  tensors: ReadonlyMap<string, TensorToStore>,
  metadata?: ReadonlyMap<string, string>,
): Uint8Array {
  const pieces = safetensorsPieces(tensors, metadata);
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function ordered(tensors: ReadonlyMap<string, TensorToStore>): [string, TensorToStore, Dtype][] {
  const typed = [...tensors].map(([name, tensor]): [string, TensorToStore, Dtype] => [
    name,
    tensor,
    dtypeFor(name, tensor),
  ]);
  // Wide types first keeps every tensor aligned to its element size.
  return typed.sort(
    ([a, , left], [b, , right]) => DTYPE_BYTES[right] - DTYPE_BYTES[left] || (a < b ? -1 : a > b ? 1 : 0),
  );
}

function dtypeFor(name: string, { data, dtype }: TensorToStore): Dtype {
  const own = dtypeOf(data);
  if (dtype === undefined || dtype === own) return own;
  if (dtype === 'BOOL' && own === 'U8') return dtype;
  throw invalidArgument(name, `an array of ${dtype} values`, own);
}

function dtypeOf(data: TensorData): Dtype {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Int8Array) return 'I8';
  if (data instanceof Int16Array) return 'I16';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof BigInt64Array) return 'I64';
  if (data instanceof Uint8Array) return 'U8';
  if (data instanceof Uint16Array) return 'U16';
  if (data instanceof Uint32Array) return 'U32';
  return 'U64';
}

function headerPieces(header: readonly [string, unknown][]): [Uint8Array, Uint8Array] {
  // Written by hand, since an object would lose a tensor named __proto__ and put names that are numbers first.
  const fields = header.map(([name, value]) => `${JSON.stringify(name)}:${stringify(value)}`);
  const text = new TextEncoder().encode(`{${fields.join(',')}}`);
  const padded = new Uint8Array(Math.ceil(text.length / PREFIX_BYTES) * PREFIX_BYTES).fill(0x20);
  padded.set(text);
  const prefix = new Uint8Array(PREFIX_BYTES);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(padded.length), true);
  return [prefix, padded];
}

function stringify(value: unknown): string {
  if (!(value instanceof Map)) return JSON.stringify(value);
  const fields = [...(value as ReadonlyMap<string, string>)].map(
    ([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`,
  );
  return `{${fields.join(',')}}`;
}

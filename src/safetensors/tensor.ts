import { CardinalError } from '../errors';

/** Bytes that are not a whole, well-formed safetensors file; `message` says what is wrong with them. */
export class SafetensorsError extends CardinalError {
  override name = 'SafetensorsError';
}

/** Bytes an element of each data type that this package reads. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

export type Dtype = keyof typeof DTYPE_BYTES;

/** The typed array of an element type. `F16` and `BF16` are read as float32, which holds each of their values. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** A tensor as a safetensors file holds it: `data` is row-major and as long as the product of `shape`. */
export interface StoredTensor {
  /** The type in the file; for `F16` and `BF16`, `data` is wider. */
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** What a safetensors file holds: tensors by name, in the order of the file, and free text by name. */
export interface SafetensorsContent {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

import type { OnnxModel } from '../export/onnx-messages';
import { OnnxError } from './onnx-error';

/**
 * A tensor whose values the file tells or that follow from it: weights, and the whole numbers that shapes are computed of.
 * Whole numbers are kept as `number`s.
 */
export interface Constant {
  readonly dims: readonly number[];
  /** The number of the elements' type, as in {@link ELEMENT}. */
  readonly type: number;
  /** Row-major. Whole numbers and those of double precision are in a `Float64Array`; true is 1. */
  readonly data: Float32Array | Float64Array;
  /** The elements for a very large batch, where they depend on its length; `data` are then those for a batch of 1. */
  readonly dataOfLargeBatch?: Float32Array | Float64Array;
}

/** Some numbers of `TensorProto.DataType` in onnx.proto. */
export const ELEMENT = { float32: 1, int64: 7, bool: 9, float64: 11 } as const;

export type TensorMessage = NonNullable<OnnxModel['graph']>['initializer'][number];

/** The content of a file: its bytes, or what gives some of them when they are asked for. */
export interface ExternalFile {
  /** In bytes. */
  readonly length: number;
  /** The bytes from `begin` to `end`, both within the file. */
  subarray(begin: number, end: number): Uint8Array;
}

/** The files beside an ONNX file that its tensors may be in, by the path that it names them with. */
export type ExternalData = ReadonlyMap<string, ExternalFile>;

interface ElementType {
  readonly name: string;
  readonly bytes: number;
  readonly isFloat: boolean;
  /** The elements of little-endian bytes that are aligned for them. */
  readonly fromBytes: (bytes: ArrayBuffer) => ArrayLike<number | bigint>;
  /** The field that holds the elements where they are not bytes. */
  readonly field: 'floatData' | 'int32Data' | 'int64Data' | 'doubleData' | 'uint64Data';
  /** The number that 16 bits stand for, where it is bits that the field holds. */
  readonly fromBits?: (bits: number) => number;
}

const float = (
  name: string,
  bytes: number,
  fromBytes: ElementType['fromBytes'],
  field: ElementType['field'],
) => ({
  name,
  bytes,
  isFloat: true,
  fromBytes,
  field,
});
const whole = (
  name: string,
  bytes: number,
  fromBytes: ElementType['fromBytes'],
  field: ElementType['field'],
) => ({
  ...float(name, bytes, fromBytes, field),
  isFloat: false,
});
const ofBits = (name: string, fromBits: (bits: number) => number) => ({
  ...float(name, 2, (bytes) => Array.from(new Uint16Array(bytes), fromBits), 'int32Data'),
  fromBits,
});

/** By the numbers of `TensorProto.DataType` in onnx.proto. */
const TYPES: Readonly<Record<number, ElementType>> = {
  1: float('float32', 4, (bytes) => new Float32Array(bytes), 'floatData'),
  2: whole('uint8', 1, (bytes) => new Uint8Array(bytes), 'int32Data'),
  3: whole('int8', 1, (bytes) => new Int8Array(bytes), 'int32Data'),
  4: whole('uint16', 2, (bytes) => new Uint16Array(bytes), 'int32Data'),
  5: whole('int16', 2, (bytes) => new Int16Array(bytes), 'int32Data'),
  6: whole('int32', 4, (bytes) => new Int32Array(bytes), 'int32Data'),
  7: whole('int64', 8, (bytes) => new BigInt64Array(bytes), 'int64Data'),
  9: whole('bool', 1, (bytes) => new Uint8Array(bytes), 'int32Data'),
  10: ofBits('float16', fromHalf),
  11: float('float64', 8, (bytes) => new Float64Array(bytes), 'doubleData'),
  12: whole('uint32', 4, (bytes) => new Uint32Array(bytes), 'uint64Data'),
  13: whole('uint64', 8, (bytes) => new BigUint64Array(bytes), 'uint64Data'),
  16: ofBits('bfloat16', fromBfloat16),
};

/** The values as float32, not to be written to. */
export function floats({ data }: Constant): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data);
}

/** Whether the number of a type stands for one of fractions. */
export function isFloatType(type: number): boolean {
  return TYPES[type]?.isFloat ?? false;
}

/** What a type is called, such as `int64`; `undefined` for one whose elements are not read here. */
export function typeName(type: number): string | undefined {
  return TYPES[type]?.name;
}

/** Numbers of the type as a constant keeps them. */
export function constantOf(dims: readonly number[], values: ArrayLike<number>, type: number): Constant {
  const isSingle = isFloatType(type) && type !== ELEMENT.float64;
  return { dims, type, data: isSingle ? Float32Array.from(values) : Float64Array.from(values) };
}

/**
 * The values of a tensor of the file. Their number is held against what there is before anything is made of them.
 *
 * @throws OnnxError for a type that is not read here, and for more or fewer values than the shape tells
 */
export function readTensor(tensor: TensorMessage, external: ExternalData): Constant {
  const { dims, type } = formOf(tensor);
  const count = dims.reduce((product, length) => product * length, 1);
  const described = `[${dims.join(', ')}] of ${type.name}`;
  const isExternal = (tensor.dataLocation as number) === 1;
  const listed = tensor[type.field];
  if (!isExternal && tensor.rawData.length === 0 && listed.length > 0) {
    if (listed.length !== count)
      throw damage(tensor, `${described} are ${count} values. Received: ${listed.length}`);
    const values = toNumbers(listed);
    return constantOf(dims, type.fromBits ? Array.from(values, type.fromBits) : values, tensor.dataType);
  }
  const place = isExternal ? externalPlace(tensor, external) : undefined;
  if (place === undefined) checkBytes(tensor, tensor.rawData.length);
  const bytes = place?.file.subarray(place.offset, place.offset + place.length) ?? tensor.rawData;
  // A copy, since what is read stands anywhere in the file and not where such elements may stand. Not by `slice`, which makes
  // none of Node's buffers.
  const values = toNumbers(type.fromBytes(new Uint8Array(bytes).buffer));
  const isKept = values instanceof Float32Array || values instanceof Float64Array;
  return isKept ? { dims, type: tensor.dataType, data: values } : constantOf(dims, values, tensor.dataType);
}

/** The path of the file that a tensor is in, or `undefined` where it is in the model's own. */
export function externalLocation(tensor: TensorMessage): string | undefined {
  if ((tensor.dataLocation as number) !== 1) return undefined;
  return tensor.externalData.find(({ key }) => key === 'location')?.value ?? '';
}

/**
 * Where in which file a tensor is.
 *
 * @throws OnnxError unless it is within what there is of that, and as long as its shape and type tell
 */
export function externalPlace(
  tensor: TensorMessage,
  external: ExternalData,
): { file: ExternalFile; offset: number; length: number } {
  const location = externalLocation(tensor) as string;
  const file = external.get(location);
  if (file === undefined) throw damage(tensor, `it is in the file '${location}', which was not given`);
  const entry = (key: string, otherwise: () => number) => {
    const found = tensor.externalData.find((candidate) => candidate.key === key);
    const value = found === undefined ? otherwise() : Number(found.value);
    if (!Number.isSafeInteger(value) || value < 0) throw damage(tensor, `its ${key} is '${found?.value}'`);
    return value;
  };
  const offset = entry('offset', () => 0);
  const length = entry('length', () => bytesOf(tensor));
  if (offset + length > file.length) {
    throw damage(
      tensor,
      `it is bytes ${offset} to ${offset + length} of '${location}', which has ${file.length}`,
    );
  }
  // One of a type that is not read here is refused where it is read.
  if (TYPES[tensor.dataType] !== undefined) checkBytes(tensor, length);
  return { file, offset, length };
}

function formOf(tensor: TensorMessage): { dims: number[]; type: ElementType } {
  const dims = tensor.dims.map(Number);
  const type = TYPES[tensor.dataType];
  if (type === undefined)
    throw damage(tensor, `its elements are of type ${tensor.dataType}, which is not read here`);
  if (dims.some((length) => !Number.isSafeInteger(length) || length < 0)) {
    throw damage(tensor, `its shape is [${dims.join(', ')}]`);
  }
  return { dims, type };
}

function bytesOf(tensor: TensorMessage): number {
  const { dims, type } = formOf(tensor);
  return dims.reduce((product, length) => product * length, type.bytes);
}

function checkBytes(tensor: TensorMessage, received: number): void {
  const expected = bytesOf(tensor);
  if (received === expected) return;
  const { dims, type } = formOf(tensor);
  throw damage(tensor, `[${dims.join(', ')}] of ${type.name} are ${expected} bytes. Received: ${received}`);
}

function toNumbers(values: ArrayLike<number | bigint>): ArrayLike<number> {
  return typeof values[0] === 'bigint' ? Array.from(values, Number) : (values as ArrayLike<number>);
}

function damage({ name }: TensorMessage, what: string): OnnxError {
  return new OnnxError(`tensor ${name || '(without a name)'}: ${what}.`);
}

/** Of the 16 bits of an IEEE 754 half. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Of the upper 16 bits of a float32. */
function fromBfloat16(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0];
}

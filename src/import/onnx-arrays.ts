import { NotFolded } from './onnx-error';
import { constantOf, type Constant } from './onnx-tensors';

/** A file of a few bytes could ask for any number of elements; what has no more than the file itself is computed anyway. */
const MOST_ELEMENTS = 2 ** 24;

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, length) => product * length, 1);
}

/** How far apart two neighbours along each axis lie, row-major. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  for (let axis = dims.length - 1, stride = 1; axis >= 0; stride *= dims[axis--]) strides[axis] = stride;
  return strides;
}

/**
 * @param given what the new constant is computed of
 * @throws NotFolded for more elements than a constant may have
 */
export function checkSize(dims: readonly number[], given: readonly Constant[]): void {
  if (!dims.every((length) => Number.isSafeInteger(length) && length >= 0))
    throw new NotFolded(`its shape would be [${dims.join(', ')}]`);
  const most = given.reduce((largest, { data }) => Math.max(largest, data.length), MOST_ELEMENTS);
  if (sizeOf(dims) > most)
    throw new NotFolded(
      `the ${sizeOf(dims)} elements of [${dims.join(', ')}] are more than the ${most} that are computed`,
    );
}

/** The sums of one number of each row, the last row's number changing fastest: places of elements, by what each axis adds. */
export function places(rows: readonly ArrayLike<number>[]): Float64Array {
  let sums = Float64Array.of(0);
  for (const row of rows) {
    const next = new Float64Array(sums.length * row.length);
    let at = 0;
    for (const sum of sums) for (let index = 0; index < row.length; index++) next[at++] = sum + row[index];
    sums = next;
  }
  return sums;
}

/** The elements of a constant at some positions of each of its axes: a slice, a repetition, another order. */
export function taken(from: Constant, positions: readonly ArrayLike<number>[]): Constant {
  const dims = positions.map(({ length }) => length);
  checkSize(dims, [from]);
  const strides = stridesOf(from.dims);
  return pickedAt(
    from,
    dims,
    places(positions.map((row, axis) => Array.from(row, (at) => at * strides[axis]))),
  );
}

/** The elements at places of a constant's own order, in other dimensions. */
export function pickedAt(from: Constant, dims: readonly number[], at: ArrayLike<number>): Constant {
  const data = from.data instanceof Float32Array ? new Float32Array(at.length) : new Float64Array(at.length);
  for (let index = 0; index < at.length; index++) data[index] = from.data[at[index]];
  return { dims, type: from.type, data };
}

/** The constant with its axes in another order: axis `axes[i]` comes to be axis `i`. */
export function transposedConstant(from: Constant, axes: readonly number[]): Constant {
  const strides = stridesOf(from.dims);
  const dims = axes.map((axis) => from.dims[axis]);
  return pickedAt(from, dims, places(axes.map((axis) => counted(from.dims[axis], strides[axis]))));
}

/** @throws NotFolded for another number of elements */
export function reshapedConstant(from: Constant, dims: readonly number[]): Constant {
  if (sizeOf(dims) !== from.data.length)
    throw new NotFolded(`[${from.dims.join(', ')}] does not become [${dims.join(', ')}]`);
  return { ...from, dims };
}

/** The lengths with ones before them, so that there are as many as `rank`. */
export function withRank(dims: readonly number[], rank: number): number[] {
  return [...new Array<number>(Math.max(0, rank - dims.length)).fill(1), ...dims];
}

/**
 * The shape of what several are repeated to, as NumPy does.
 *
 * @throws NotFolded for shapes that do not fit each other
 */
export function broadcastDims(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map(({ length }) => length));
  const padded = shapes.map((dims) => withRank(dims, rank));
  return Array.from({ length: rank }, (_, axis) => {
    const lengths = padded.map((dims) => dims[axis]);
    const length = lengths.find((one) => one !== 1) ?? 1;
    if (lengths.some((one) => one !== 1 && one !== length))
      throw new NotFolded(`[${shapes.map((dims) => dims.join(', ')).join('] and [')}] do not fit each other`);
    return length;
  });
}

/** The constant repeated to `dims`, to which it must fit. */
export function repeated(from: Constant, dims: readonly number[]): Constant {
  if (from.dims.join() === dims.join()) return from;
  const own = withRank(from.dims, dims.length);
  const strides = stridesOf(own);
  const rows = dims.map((length, axis) =>
    own[axis] === 1 ? new Float64Array(length) : counted(length, strides[axis]),
  );
  return pickedAt(from, dims, places(rows));
}

/** Element by element of constants that are repeated to a common shape. */
export function combined(
  parts: readonly Constant[],
  type: number,
  compute: (...values: number[]) => number,
): Constant {
  const dims = broadcastDims(parts.map((part) => part.dims));
  checkSize(dims, parts);
  const operands = parts.map((part) => repeated(part, dims).data);
  const values = constantOf(dims, new Float64Array(sizeOf(dims)), type);
  const [a, b] = operands;
  for (let at = 0; at < values.data.length; at++) {
    values.data[at] =
      operands.length === 2 ? compute(a[at], b[at]) : compute(...operands.map((operand) => operand[at]));
  }
  return values;
}

/** `0, step, 2 · step, …` */
export function counted(length: number, step = 1, first = 0): Float64Array {
  return Float64Array.from({ length }, (_, index) => first + index * step);
}

/**
 * An axis that may be counted from the end.
 *
 * @throws NotFolded where there is none such
 */
export function axisOf(given: number, rank: number): number {
  const axis = given < 0 ? given + rank : given;
  if (!Number.isInteger(axis) || axis < 0 || axis >= rank)
    throw new NotFolded(`there is no axis ${given} of ${rank}`);
  return axis;
}

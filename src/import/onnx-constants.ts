import type { Attributes, TensorMessage } from './onnx-attributes';
import { isFloatType, type Constant } from './onnx-tensors';

/** What is known of an input: a constant, or of a tensor that is computed from the images its lengths (the batch is NaN). */
export interface Known {
  readonly constant?: Constant;
  readonly dims: readonly number[];
}

interface Call {
  readonly inputs: readonly (Known | undefined)[];
  readonly attributes: Attributes;
  readonly readTensor: (tensor: TensorMessage) => Constant;
}

/** Computes one operator, or gives up with `undefined`. */
type Evaluator = (call: Call) => Constant | undefined;

/** No constant that is computed has more elements: a file of a few bytes could ask for any number of them. */
const MOST_ELEMENTS = 2 ** 16;

/**
 * The arithmetic of constants, above all that of shapes.
 *
 * Each takes constants only, save those that ask for no more than the lengths of a tensor.
 */
export const EVALUATORS: Readonly<Record<string, Evaluator>> = {
  Constant: constant,
  Shape: ({ inputs: [x], attributes }) => {
    if (x === undefined) return undefined;
    const rank = x.dims.length;
    return integers(x.dims.slice(attributes.number('start', 0), attributes.number('end', rank)));
  },
  Identity: ({ inputs: [x] }) => x?.constant,
  Cast: ({ inputs: [x], attributes }) => cast(x?.constant, isFloatType(attributes.number('to', 0))),
  CastLike: ({ inputs: [x, like] }) => cast(x?.constant, like?.constant?.isFloat ?? true),
  Gather: ({ inputs: [x, indices], attributes }) => {
    const [from, at] = [x?.constant, indices?.constant];
    if (from?.dims.length !== 1 || at === undefined || attributes.number('axis', 0) !== 0) return undefined;
    const picked = Array.from(at.data, (index) => from.data[index < 0 ? index + from.data.length : index]);
    return picked.includes(undefined as unknown as number) ? undefined : make(at.dims, picked, from.isFloat);
  },
  Unsqueeze: ({ inputs: [x, axes] }) => {
    if (x?.constant === undefined || axes?.constant === undefined) return undefined;
    const rank = x.dims.length + axes.constant.data.length;
    const added = new Set(Array.from(axes.constant.data, (axis) => (axis < 0 ? axis + rank : axis)));
    const left = [...x.constant.dims];
    const dims = Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (left.shift() as number)));
    return reshaped(x.constant, dims);
  },
  Squeeze: ({ inputs: [x, axes] }) => {
    if (x?.constant === undefined) return undefined;
    const { dims } = x.constant;
    const gone =
      axes?.constant &&
      new Set(Array.from(axes.constant.data, (axis) => (axis < 0 ? axis + dims.length : axis)));
    return reshaped(
      x.constant,
      dims.filter((length, axis) => !(gone?.has(axis) ?? length === 1)),
    );
  },
  Concat: ({ inputs }) => {
    const parts = inputs.map((input) => input?.constant);
    if (!parts.every((part) => part?.dims.length === 1)) return undefined;
    const values = (parts as Constant[]).flatMap(({ data }) => [...data]);
    return make([values.length], values, (parts as Constant[])[0].isFloat);
  },
  Slice: ({ inputs: [x, starts, ends, axes, steps] }) => {
    const from = x?.constant;
    const [start, end] = [scalar(starts), scalar(ends)];
    const isPlain =
      (axes === undefined || scalar(axes) === 0) && (steps === undefined || scalar(steps) === 1);
    if (from?.dims.length !== 1 || start === undefined || end === undefined || !isPlain) return undefined;
    const values = from.data.slice(start, end);
    return { ...from, dims: [values.length], data: values };
  },
  Reshape: ({ inputs: [x, shape] }) => {
    if (x?.constant === undefined || shape?.constant === undefined) return undefined;
    const count = x.constant.data.length;
    const dims = Array.from(shape.constant.data, (length, axis) => (length === 0 ? x.dims[axis] : length));
    const known = dims.reduce((product, length) => (length === -1 ? product : product * length), 1);
    return reshaped(
      x.constant,
      dims.map((length) => (length === -1 ? count / known : length)),
    );
  },
  Transpose: ({ inputs: [x], attributes }) => {
    const from = x?.constant;
    if (from === undefined || from.dims.length !== 2) return undefined;
    const axes = attributes.numbers('perm') ?? [1, 0];
    return axes[0] === 0 ? from : swapped(from);
  },
  Expand: ({ inputs: [x, shape] }) => {
    if (x?.constant === undefined || shape?.constant === undefined) return undefined;
    const ones: Constant = { dims: [...shape.constant.data], isFloat: false, data: new Float64Array() };
    return broadcast(x.constant, ones, (value) => value);
  },
  ConstantOfShape: ({ inputs: [shape], attributes, readTensor }) => {
    if (shape?.constant === undefined) return undefined;
    const value = attributes.tensor('value');
    const { data, isFloat } = value === undefined ? make([1], [0], true) : readTensor(value);
    const ones: Constant = { dims: [...shape.constant.data], isFloat: false, data: new Float64Array() };
    return broadcast({ dims: [], isFloat, data: data.slice(0, 1) }, ones, (one) => one);
  },
  Add: elementwise((a, b) => a + b),
  Sub: elementwise((a, b) => a - b),
  Mul: elementwise((a, b) => a * b),
  Div: elementwise((a, b, isFloat) => (isFloat ? a / b : Math.trunc(a / b))),
};

/** Operators that ask only for the lengths of what they read, or for its type. */
const READS_LENGTHS: ReadonlySet<string> = new Set(['Shape', 'CastLike']);

/**
 * The constant that an operator gives, or `undefined` if that depends on the images, or is not computed here.
 *
 * @example
 * evaluate('Add', { inputs: [two, three], attributes: Attributes.of(), readTensor }); // five
 */
export function evaluate(op: string, call: Call): Constant | undefined {
  if (!Object.hasOwn(EVALUATORS, op)) return undefined;
  if (!READS_LENGTHS.has(op) && call.inputs.some((input) => input !== undefined && !input.constant))
    return undefined;
  return EVALUATORS[op](call);
}

/** The single number of a constant. */
export function scalar(input: Known | undefined): number | undefined {
  return input?.constant?.data.length === 1 ? input.constant.data[0] : undefined;
}

export function integers(values: readonly number[]): Constant {
  return make([values.length], values, false);
}

/** A matrix with rows and columns exchanged. */
export function swapped({ dims: [rows, columns], isFloat, data }: Constant): Constant {
  const values = data.slice();
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) values[column * rows + row] = data[at++];
  }
  return { dims: [columns, rows], isFloat, data: values };
}

function constant({ attributes, readTensor }: Call): Constant | undefined {
  const tensor = attributes.tensor('value');
  if (tensor !== undefined) return readTensor(tensor);
  for (const [name, isFloat] of [
    ['value_int', false],
    ['value_float', true],
  ] as const) {
    const value = attributes.number(name);
    if (value !== undefined) return make([], [value], isFloat);
  }
  for (const [name, isFloat] of [
    ['value_ints', false],
    ['value_floats', true],
  ] as const) {
    const values = attributes.numbers(name);
    if (values !== undefined) return make([values.length], values, isFloat);
  }
  return undefined;
}

function make(dims: readonly number[], values: readonly number[], isFloat: boolean): Constant {
  return { dims, isFloat, data: isFloat ? Float32Array.from(values) : Float64Array.from(values) };
}

function reshaped(constant: Constant, dims: readonly number[]): Constant | undefined {
  const count = dims.reduce((product, length) => product * length, 1);
  return count === constant.data.length ? { ...constant, dims } : undefined;
}

function cast(from: Constant | undefined, isFloat: boolean): Constant | undefined {
  if (from === undefined || from.isFloat === isFloat) return from;
  return make(from.dims, isFloat ? [...from.data] : Array.from(from.data, Math.trunc), isFloat);
}

function elementwise(compute: (a: number, b: number, isFloat: boolean) => number): Evaluator {
  return ({ inputs: [a, b] }) =>
    a?.constant &&
    b?.constant &&
    broadcast(a.constant, b.constant, (x, y) => compute(x, y, a.constant?.isFloat ?? true));
}

function broadcast(
  a: Constant,
  b: Constant,
  compute: (a: number, b: number) => number,
): Constant | undefined {
  const rank = Math.max(a.dims.length, b.dims.length);
  const padded = ({ dims }: Constant) => [...new Array<number>(rank - dims.length).fill(1), ...dims];
  const [left, right] = [padded(a), padded(b)];
  const dims = left.map((length, axis) => (length === 1 ? right[axis] : length));
  if (!dims.every((length, axis) => right[axis] === 1 || right[axis] === length)) return undefined;
  const count = dims.reduce((product, length) => product * length, 1);
  if (!(count <= MOST_ELEMENTS)) return undefined;
  const values = Array.from({ length: count }, (_, index) =>
    compute(a.data[placeIn(left, dims, index)], b.data[placeIn(right, dims, index)]),
  );
  return make(dims, values, a.isFloat);
}

/** Where an element of the result comes from in an operand whose lengths of 1 are repeated. */
function placeIn(own: readonly number[], dims: readonly number[], index: number): number {
  let place = 0;
  let stride = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const position = index % dims[axis];
    index = (index - position) / dims[axis];
    if (own[axis] !== 1) place += position * stride;
    stride *= own[axis];
  }
  return place;
}

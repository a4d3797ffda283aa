import type { AttributeValues, Draft } from './draft';
import { replaced, sizeOf, spliced, TYPES } from './draft';
import { POSITION_DRAWS } from './positions';

/** Draws a float tensor of the wanted lengths whose last node is of one operator; `undefined` where that cannot be. */
type DrawConstant = (draft: Draft, dims: readonly number[], depth: number) => string | undefined;

/** A float tensor of the file with these lengths: itself, or computed by up to `depth` nodes of constants. */
export function constant(draft: Draft, dims: readonly number[], depth = draft.whole(0, 2)): string {
  if (depth > 0 && draft.chance(0.5)) {
    const rare = draft.chance(0.03);
    const operators = Object.keys(CONSTANT_DRAWS).filter((op) => rare || draft.prefers(op));
    const made = CONSTANT_DRAWS[draft.one(operators)](draft, dims, depth - 1);
    if (made !== undefined) return made;
  }
  return draft.tensor(dims, draft.weights(dims));
}

/** Whole numbers as an int64 tensor of one axis: itself, or computed. */
export function integers(draft: Draft, values: readonly number[], depth = draft.whole(0, 2)): string {
  if (depth === 0 || values.length === 0 || draft.chance(0.4)) return draft.integers(values);
  const inner = (others: readonly number[]) => integers(draft, others, depth - 1);
  switch (draft.whole(0, 9)) {
    case 0: {
      const at = draft.whole(0, values.length);
      const parts = [values.slice(0, at), values.slice(at)].filter((part) => part.length > 0);
      return draft.node('Concat', parts.map(inner), { axis: draft.signed(0, 1) })[0];
    }
    case 1: {
      const off = values.map(() => draft.whole(-3, 3));
      const difference = values.map((value, index) => value - off[index]);
      return draft.node('Add', [inner(difference), inner(off)])[0];
    }
    case 2: {
      const off = draft.whole(-3, 3);
      return draft.node('Sub', [inner(values.map((value) => value + off)), inner([off])])[0];
    }
    case 3:
      return draft.node('Mul', [inner(values), draft.tensor([], [1], 'int64')])[0];
    case 4: {
      // A quotient of whole numbers is cut off towards 0.
      const by = draft.whole(2, 3);
      const rest = values.map((value) => Math.sign(value) * draft.whole(0, by - 1));
      if (values.some((value) => value === 0)) return inner(values);
      return draft.node('Div', [inner(values.map((value, i) => value * by + rest[i])), inner([by])])[0];
    }
    case 5: {
      const more = [draft.whole(-9, 9), ...values, draft.whole(-9, 9)];
      const picks = values.map((_, index) => draft.signed(index + 1, more.length));
      return draft.node('Gather', [inner(more), draft.integers(picks)], { axis: 0 })[0];
    }
    case 6: {
      const more = [draft.whole(-9, 9), ...values, draft.whole(-9, 9)];
      if (draft.chance(0.3)) {
        const back = [[-2], [-more.length], [0], [-1]].map((one) => draft.integers(one));
        return draft.node('Slice', [inner([...more].reverse()), ...back])[0];
      }
      return draft.node('Slice', [inner(more), draft.integers([1]), draft.integers([-1])])[0];
    }
    case 7: {
      if (values.some((value) => value === 0)) return inner(values);
      const parts = values.map((value) => Math.sign(value) * (Math.abs(value) + draft.whole(0, 9) / 10));
      return draft.node('Cast', [draft.tensor([values.length], parts)], { to: TYPES.int64 })[0];
    }
    case 8: {
      const flat = draft.node('Unsqueeze', [inner(values), draft.integers([draft.one([0, -2])])])[0];
      return draft.node('Squeeze', [flat, draft.integers([0])])[0];
    }
    default: {
      if (values.length !== 1 || values[0] < 1 || values[0] > 9) return inner(values);
      // A length that something has.
      const dims = draft.shuffled([values[0], 2, 3]);
      const shape = draft.node('Shape', [draft.tensor(dims, draft.weights(dims))])[0];
      const at = draft.tensor([1], [draft.signed(dims.indexOf(values[0]), 3)], 'int64');
      return draft.node('Gather', [shape, at])[0];
    }
  }
}

const unary =
  (op: string, attributes: AttributeValues = {}, since = 13): DrawConstant =>
  (draft, dims, depth) =>
    draft.opset < since ? undefined : draft.node(op, [constant(draft, dims, depth)], attributes)[0];

/** Of numbers above 0. */
const positive =
  (op: string): DrawConstant =>
  (draft, dims) =>
    draft.node(op, [draft.tensor(dims, draft.weights(dims).map(Math.abs))])[0];

const binary =
  (op: string): DrawConstant =>
  (draft, dims, depth) => {
    const narrow = dims.map((length) => (draft.chance(0.5) ? 1 : length));
    while (narrow[0] === 1 && draft.chance(0.5)) narrow.shift();
    const whole = constant(draft, dims, depth);
    const [first, second] = [whole, draft.tensor(narrow, draft.weights(narrow))];
    // What is divided by stays away from 0.
    return draft.node(op, op === 'Div' || draft.chance(0.5) ? [first, second] : [second, first])[0];
  };

const reduced =
  (op: string, isPositive = false): DrawConstant =>
  (draft, dims, depth) => {
    const keepdims = dims.includes(1) && draft.chance(0.5);
    const axis = keepdims ? dims.indexOf(1) : draft.whole(0, dims.length);
    const long = draft.whole(2, 4);
    const from = keepdims ? replaced(dims, axis, long) : spliced(dims, axis, 0, long);
    const axes = [draft.signed(axis, from.length)];
    const takesInput = op === 'ReduceSum' || draft.opset >= 18;
    const x = isPositive
      ? draft.tensor(from, draft.weights(from).map(Math.abs))
      : constant(draft, from, depth);
    if (takesInput) return draft.node(op, [x, draft.integers(axes)], { keepdims: Number(keepdims) })[0];
    return draft.node(op, [x], { axes, keepdims: Number(keepdims) })[0];
  };

/** A comparison, and numbers again. */
const compared =
  (op: string, ...types: ('float' | 'bool')[]): DrawConstant =>
  (draft, dims) => {
    const draw = (type: 'float' | 'bool') =>
      draft.tensor(
        dims,
        draft.weights(dims).map((value) => (type === 'bool' ? Number(value > 0) : value)),
        type,
      );
    return draft.node('Cast', [draft.node(op, types.map(draw))[0]], { to: TYPES.float })[0];
  };

/** By operator: those that the importer may compute when nothing but constants goes in. */
export const CONSTANT_DRAWS: Readonly<Record<string, DrawConstant>> = {
  ...POSITION_DRAWS,
  Constant: (draft, dims) => {
    const values = draft.weights(dims);
    if (dims.length === 0 && draft.chance(0.5))
      return draft.node('Constant', [], { value_float: { float: values[0] } })[0];
    return draft.node('Constant', [], {
      value: { dataType: TYPES.float, dims: dims.map(BigInt), floatData: values },
    })[0];
  },
  Shape: (draft, dims) => {
    if (dims.length !== 1 || dims[0] > 3) return undefined;
    const lengths = Array.from({ length: dims[0] + 2 }, () => draft.whole(1, 4));
    const ranged = draft.opset >= 15;
    const own = ranged ? lengths : lengths.slice(0, dims[0]);
    const x = draft.tensor(own, draft.weights(own));
    const attributes = ranged
      ? { start: draft.one([1, -own.length + 1]), end: draft.signed(own.length - 1, own.length) }
      : {};
    return draft.node('Cast', [draft.node('Shape', [x], attributes)[0]], { to: TYPES.float })[0];
  },
  Size: (draft, dims) => {
    if (dims.length !== 0) return undefined;
    const own = [draft.whole(1, 3), draft.whole(1, 3)];
    const x = draft.tensor(own, draft.weights(own));
    return draft.node('Cast', [draft.node('Size', [x])[0]], { to: TYPES.float })[0];
  },
  Identity: unary('Identity'),
  Dropout: unary('Dropout'),
  Cast: (draft, dims, depth) => {
    const through = draft.one(['int32', 'int64', 'double', 'bool', 'float16', 'int8'] as const);
    const values = draft.weights(dims, 1.1, 3.4);
    const from =
      through === 'float16' || through === 'double'
        ? constant(draft, dims, depth)
        : draft.tensor(dims, values);
    const cast = draft.node('Cast', [from], { to: TYPES[through] })[0];
    return draft.node('Cast', [cast], { to: TYPES.float })[0];
  },
  CastLike: (draft, dims) => {
    if (draft.opset < 15) return undefined;
    const whole = draft.tensor(dims, draft.weights(dims, 1, 5).map(Math.trunc), 'int64');
    return draft.node('CastLike', [whole, draft.tensor([1], [0.5])])[0];
  },
  Gather: (draft, dims, depth) => {
    if (dims.length === 0) {
      const x = constant(draft, [4], depth);
      return draft.node('Gather', [x, draft.tensor([], [draft.whole(-4, 3)], 'int64')])[0];
    }
    const axis = draft.whole(0, dims.length - 1);
    const from = replaced(dims, axis, draft.whole(1, 5));
    const picks = Array.from({ length: dims[axis] }, () =>
      draft.signed(draft.whole(0, from[axis] - 1), from[axis]),
    );
    const at = draft.tensor([dims[axis]], picks, draft.one(['int64', 'int32']));
    return draft.node('Gather', [constant(draft, from, depth), at], {
      axis: draft.signed(axis, dims.length),
    })[0];
  },
  Unsqueeze: (draft, dims, depth) => {
    const ones = dims.flatMap((length, axis) => (length === 1 && draft.chance(0.7) ? [axis] : []));
    const from = dims.filter((_, axis) => !ones.includes(axis));
    const axes = draft.shuffled(ones).map((axis) => draft.signed(axis, dims.length));
    if (axes.length === 0) return undefined;
    return draft.node('Unsqueeze', [constant(draft, from, depth), draft.integers(axes)])[0];
  },
  Squeeze: (draft, dims, depth) => {
    const at = draft.whole(0, dims.length);
    const from = spliced(dims, at, 0, 1);
    const x = constant(draft, from, depth);
    const saysNothing = !dims.includes(1) && draft.chance(0.5);
    return draft.node('Squeeze', saysNothing ? [x] : [x, draft.integers([draft.signed(at, from.length)])])[0];
  },
  Flatten: (draft, dims, depth) => {
    if (dims.length !== 2) return undefined;
    const from = draft.chance(0.5) ? [dims[0], 1, dims[1]] : [1, dims[0], dims[1]];
    const axis = from[0] === 1 && dims[0] !== 1 ? 2 : draft.one([1, 2]);
    return draft.node('Flatten', [constant(draft, from, depth)], { axis })[0];
  },
  Concat: (draft, dims, depth) => {
    if (dims.length === 0) return undefined;
    const axis = draft.whole(0, dims.length - 1);
    const cut = draft.whole(0, dims[axis]);
    const lengths = [cut, dims[axis] - cut].filter((length) => length > 0);
    const parts = lengths.map((length) => constant(draft, replaced(dims, axis, length), depth));
    return draft.node('Concat', parts, { axis: draft.signed(axis, dims.length) })[0];
  },
  Split: (draft, dims, depth) => {
    if (dims.length === 0) return undefined;
    const axis = draft.whole(0, dims.length - 1);
    const other = draft.whole(1, 3);
    const x = constant(draft, replaced(dims, axis, dims[axis] + other), depth);
    const sizes = draft.chance(0.5) ? [dims[axis], other] : [other, dims[axis]];
    const made = draft.node(
      'Split',
      [x, draft.integers(sizes)],
      { axis: draft.signed(axis, dims.length) },
      2,
    );
    return made[sizes.indexOf(dims[axis])];
  },
  Slice: (draft, dims, depth) => {
    if (dims.length === 0) return undefined;
    const axes = dims.map((_, axis) => axis).filter(() => draft.chance(0.6));
    if (axes.length === 0) return undefined;
    const isBackwards = axes.map(() => draft.chance(0.4));
    const extra = axes.map(() => draft.whole(0, 2));
    const from = dims.map((length, axis) => length + (axes.includes(axis) ? extra[axes.indexOf(axis)] : 0));
    const starts = axes.map((axis, i) =>
      isBackwards[i] ? draft.signed(from[axis] - 1, from[axis]) : extra[i],
    );
    const ends = axes.map((axis, i) =>
      isBackwards[i]
        ? extra[i] - 1 - from[axis]
        : draft.one([from[axis], 2 ** 31 - 1, Number.MAX_SAFE_INTEGER]),
    );
    const steps = axes.map((_, i) => (isBackwards[i] ? -1 : 1));
    const saysAll = !isBackwards.includes(true) && axes.every((axis, i) => axis === i) && draft.chance(0.5);
    const lists = saysAll
      ? [starts, ends]
      : [starts, ends, axes.map((axis) => draft.signed(axis, dims.length)), steps];
    return draft.node('Slice', [
      constant(draft, from, depth),
      ...lists.map((list) => draft.integers(list)),
    ])[0];
  },
  Reshape: (draft, dims, depth) => {
    const count = sizeOf(dims);
    const from = draft.one([[count], [1, count], [count, 1], [...dims].reverse()]);
    const shape = [...dims];
    if (shape.length > 0 && draft.chance(0.3)) shape[draft.whole(0, shape.length - 1)] = -1;
    return draft.node('Reshape', [constant(draft, from, depth), integers(draft, shape)])[0];
  },
  Transpose: (draft, dims, depth) => {
    const perm = draft.shuffled(dims.map((_, axis) => axis));
    const from = dims.map((_, axis) => dims[perm.indexOf(axis)]);
    const isReverse = perm.every((axis, i) => axis === dims.length - 1 - i);
    const attributes = isReverse && draft.chance(0.7) ? {} : { perm };
    return draft.node('Transpose', [constant(draft, from, depth)], attributes)[0];
  },
  Expand: (draft, dims, depth) => {
    const from = dims.map((length) => (draft.chance(0.5) ? 1 : length));
    while (from[0] === 1 && draft.chance(0.5)) from.shift();
    return draft.node('Expand', [constant(draft, from, depth), integers(draft, dims)])[0];
  },
  Tile: (draft, dims, depth) => {
    const repeats = dims.map((length) => (draft.chance(0.5) ? length : 1));
    const from = dims.map((length, axis) => length / repeats[axis]);
    return draft.node('Tile', [constant(draft, from, depth), draft.integers(repeats)])[0];
  },
  ConstantOfShape: (draft, dims) => {
    const value = { dataType: TYPES.float, dims: [1n], floatData: [draft.real(0.5, 1.5)] };
    return draft.node('ConstantOfShape', [integers(draft, dims)], draft.chance(0.8) ? { value } : {})[0];
  },
  Range: (draft, dims) => {
    if (dims.length !== 1) return undefined;
    const [start, step] = [draft.whole(-3, 3), draft.one([1, 2, -1])];
    const bounds = [start, start + step * dims[0], step].map((value) => draft.tensor([], [value]));
    return draft.node('Range', bounds)[0];
  },
  Where: (draft, dims, depth) => {
    const condition = draft.tensor(
      dims,
      dims.length === 0 ? [1] : draft.weights(dims).map((value) => Number(value > 0)),
      'bool',
    );
    return draft.node('Where', [condition, constant(draft, dims, depth), constant(draft, dims, depth)])[0];
  },
  Pad: (draft, dims, depth) => {
    if (dims.length === 0 || dims[0] < 2) return undefined;
    const from = replaced(dims, 0, dims[0] - 1);
    const pads = [...dims, ...dims].map(() => 0);
    pads[draft.one([0, dims.length])] = 1;
    const x = constant(draft, from, depth);
    return draft.node('Pad', [x, draft.integers(pads), draft.tensor([], [draft.one([0, 1])])])[0];
  },
  Clip: (draft, dims, depth) => {
    const bounds = [draft.real(-1, 0), draft.real(0.2, 1)].map((value) => draft.tensor([], [value]));
    return draft.node('Clip', [constant(draft, dims, depth), ...bounds])[0];
  },
  ReduceMean: reduced('ReduceMean'),
  ReduceSum: reduced('ReduceSum'),
  ReduceMax: reduced('ReduceMax'),
  ReduceMin: reduced('ReduceMin'),
  ReduceProd: reduced('ReduceProd'),
  ReduceL1: reduced('ReduceL1'),
  ReduceL2: reduced('ReduceL2'),
  ReduceSumSquare: reduced('ReduceSumSquare'),
  ReduceLogSumExp: reduced('ReduceLogSumExp'),
  ReduceLogSum: reduced('ReduceLogSum', true),
  Add: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: binary('Div'),
  Max: binary('Max'),
  Min: binary('Min'),
  Sum: binary('Sum'),
  Mean: binary('Mean'),
  Mod: (draft, dims) =>
    draft.node('Mod', [draft.tensor(dims, draft.weights(dims, 1, 9)), draft.tensor([], [3])], { fmod: 1 })[0],
  Pow: (draft, dims) =>
    draft.node('Pow', [
      draft.tensor(dims, draft.weights(dims).map(Math.abs)),
      draft.tensor([], [draft.one([0.5, 2, 3])]),
    ])[0],
  Ceil: unary('Ceil'),
  Floor: unary('Floor'),
  Round: unary('Round'),
  Abs: unary('Abs'),
  Neg: unary('Neg'),
  Sign: unary('Sign'),
  Exp: unary('Exp'),
  Erf: unary('Erf'),
  Sin: unary('Sin'),
  Cos: unary('Cos'),
  Softplus: unary('Softplus'),
  Tanh: unary('Tanh'),
  Sigmoid: unary('Sigmoid'),
  Relu: unary('Relu'),
  Softmax: (draft, dims, depth) => (dims.length === 0 ? undefined : unary('Softmax')(draft, dims, depth)),
  Sqrt: positive('Sqrt'),
  Log: positive('Log'),
  Reciprocal: positive('Reciprocal'),
  Equal: compared('Equal', 'float', 'float'),
  Greater: compared('Greater', 'float', 'float'),
  GreaterOrEqual: compared('GreaterOrEqual', 'float', 'float'),
  Less: compared('Less', 'float', 'float'),
  LessOrEqual: compared('LessOrEqual', 'float', 'float'),
  And: compared('And', 'bool', 'bool'),
  Or: compared('Or', 'bool', 'bool'),
  Xor: compared('Xor', 'bool', 'bool'),
  Not: compared('Not', 'bool'),
  IsNaN: compared('IsNaN', 'float'),
  MatMul: (draft, dims, depth) => {
    if (dims.length < 2) return undefined;
    const [rows, columns] = dims.slice(-2);
    const inner = draft.whole(1, 4);
    const lead = dims.slice(0, -2);
    const right = draft.chance(0.5) ? [inner, columns] : [...lead, inner, columns];
    return draft.node('MatMul', [
      constant(draft, [...lead, rows, inner], depth),
      constant(draft, right, depth),
    ])[0];
  },
};

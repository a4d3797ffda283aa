import { constant } from './constants';
import {
  broadcast,
  sizeOf,
  TYPES,
  type AttributeValues,
  type Draft,
  type Drawn,
  type ElementType,
} from './draft';
import { fitting, isNumber, like, maybe, type Draw } from './draws';

/** A function of each element. */
function unary(
  op: string,
  draw: (draft: Draft) => AttributeValues = () => ({}),
  since = 13,
  isExact = false,
): Draw {
  return (draft, x) => {
    if (!isNumber(x) || draft.opset < since) return undefined;
    return like(x, draft.node(op, [x.name], draw(draft))[0], isExact);
  };
}

/** A function that jumps, which is only for what every runtime computes to the bit. */
const stepwise =
  (op: string): Draw =>
  (draft, x, others) =>
    x.isExact ? unary(op, () => ({}), 13, true)(draft, x, others) : undefined;

/** Of numbers from 0.5 to 1.5, which nodes before make of others: near 0 runtimes differ in many digits. */
const positive =
  (op: string): Draw =>
  (draft, x) => {
    if (!isNumber(x)) return undefined;
    const [share] = draft.node('Sigmoid', [x.name]);
    const [above] = draft.node('Add', [share, draft.tensor([], [0.5])]);
    return like(x, draft.node(op, [above])[0]);
  };

/** Arithmetic of two: with a constant on either side, another value, or itself. */
function binary(op: string, most = 2, takesBoth = true): Draw {
  return (draft, x, others) => {
    if (!isNumber(x)) return undefined;
    const fits = others.filter(
      (other) =>
        isNumber(other) && broadcast(other.dims, x.dims) !== undefined && other.dims[0] === x.dims[0],
    );
    const count = most > 2 ? draft.whole(1, most) : 2;
    const operands: { name: string; dims: readonly number[]; isExact: boolean }[] = [x];
    while (operands.length < count) {
      const isValue = fits.length > 0 && op !== 'Div' && op !== 'Pow' && draft.chance(0.3);
      if (isValue) operands.push(draft.one(fits));
      else if (draft.chance(0.08) && op !== 'Div' && op !== 'Pow') operands.push(x);
      else {
        const dims = fitting(draft, x.dims);
        operands.push({ name: constant(draft, dims), dims, isExact: true });
      }
    }
    const swaps = takesBoth && draft.chance(0.35);
    if (swaps) operands.reverse();
    const dims = operands.reduce<readonly number[] | undefined>(
      (all, operand) => all && broadcast(all, operand.dims),
      [],
    );
    if (dims === undefined) return undefined;
    const [name] = draft.node(
      op,
      operands.map((operand) => operand.name),
    );
    return {
      name,
      dims,
      type: 'float',
      isExact: operands.every(({ isExact }) => isExact) && operands.length <= 2,
    };
  };
}

export const ELEMENTWISE_DRAWS: Readonly<Record<string, Draw>> = {
  Relu: unary('Relu', undefined, 13, true),
  Clip: (draft, x) => {
    if (!isNumber(x)) return undefined;
    const [low, high] = draft.one([
      [0, 6],
      [0, 1],
      [0, undefined],
      [undefined, 0.5],
      [-1, 1],
      [0.2, 0.9],
      [-2, undefined],
      [undefined, undefined],
      [1, -1],
      [0, Infinity],
      [-0.5, 0],
    ] as const);
    const bounds = [low, high].map((value) => (value === undefined ? undefined : draft.tensor([], [value])));
    return like(x, draft.node('Clip', [x.name, ...bounds])[0], true);
  },
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  Softplus: unary('Softplus'),
  Softsign: unary('Softsign'),
  Mish: unary('Mish', undefined, 18),
  Selu: unary('Selu', (draft) => ({ alpha: maybe(draft, 0.4, 1.5), gamma: maybe(draft, 0.4, 1.2) })),
  Celu: unary('Celu', (draft) => ({ alpha: maybe(draft, 0.5, draft.one([1, 0.5])) })),
  ThresholdedRelu: unary('ThresholdedRelu', (draft) => ({ alpha: maybe(draft, 0.6, 0.3) }), 22),
  Swish: unary('Swish', (draft) => ({ alpha: maybe(draft, 0.5, draft.one([1, 1.7])) }), 24),
  Gelu: unary('Gelu', (draft) => ({ approximate: draft.one([undefined, 'none', 'tanh']) }), 20),
  HardSwish: unary('HardSwish', undefined, 14),
  HardSigmoid: unary('HardSigmoid', (draft) => ({
    alpha: maybe(draft, 0.6, draft.one([1 / 6, 0.2, 0.5])),
    beta: maybe(draft, 0.4, draft.one([0.5, 0.3])),
  })),
  LeakyRelu: unary('LeakyRelu', (draft) => ({ alpha: maybe(draft, 0.6, draft.one([0.2, 0.01, 0])) })),
  Elu: unary('Elu', (draft) => ({ alpha: maybe(draft, 0.6, draft.one([1, 0.5, 2])) })),
  PRelu: (draft, x) => {
    if (!isNumber(x)) return undefined;
    const dims = fitting(draft, x.dims);
    if (broadcast(x.dims, dims)?.join() !== x.dims.join()) return undefined;
    return like(x, draft.node('PRelu', [x.name, constant(draft, dims)])[0]);
  },
  Abs: unary('Abs', undefined, 13, true),
  Neg: unary('Neg', undefined, 13, true),
  Exp: unary('Exp'),
  Erf: unary('Erf'),
  Sin: unary('Sin'),
  Cos: unary('Cos'),
  Atan: unary('Atan'),
  Ceil: stepwise('Ceil'),
  Floor: stepwise('Floor'),
  Round: stepwise('Round'),
  Sign: stepwise('Sign'),
  Sqrt: positive('Sqrt'),
  Log: positive('Log'),
  Reciprocal: positive('Reciprocal'),
  Pow: (draft, x) => {
    if (!isNumber(x)) return undefined;
    return like(
      x,
      draft.node('Pow', [x.name, draft.tensor(draft.one([[], [1]]), [draft.one([2, 3, 1])])])[0],
    );
  },
  Dropout: (draft, x) => {
    if (!isNumber(x)) return undefined;
    const trains = draft.one([undefined, undefined, 0, 1]);
    const ratio = trains === 1 ? 0 : draft.one([undefined, 0.3]);
    const inputs = [
      x.name,
      ratio === undefined ? undefined : draft.tensor([], [ratio]),
      trains === undefined ? undefined : draft.tensor([], [trains], 'bool'),
    ];
    const [name, mask] = draft.node(
      'Dropout',
      inputs,
      { seed: draft.one([undefined, 3]) },
      draft.chance(0.08) ? 2 : 1,
    );
    const made = like(x, name, true);
    return mask === undefined ? made : [made, { ...made, name: mask, type: 'bool' }];
  },
  Identity: unary('Identity', undefined, 13, true),
  Cast: (draft, x) => {
    if (x.type !== 'float')
      return { ...x, name: draft.node('Cast', [x.name], { to: TYPES.float })[0], type: 'float' };
    const to = draft.one(
      x.isExact
        ? (['int32', 'int64', 'bool', 'double', 'float', 'int8', 'float16'] as const)
        : (['double', 'float'] as const),
    );
    const cast: Drawn = { ...x, name: draft.node('Cast', [x.name], { to: TYPES[to] })[0], type: to };
    return draft.chance(0.85) || to === 'float16'
      ? { ...cast, name: draft.node('Cast', [cast.name], { to: TYPES.float })[0], type: 'float' }
      : cast;
  },
  CastLike: (draft, x) => {
    if (draft.opset < 15) return undefined;
    const to: ElementType =
      x.type !== 'float' || !x.isExact ? 'float' : draft.one(['int32', 'int64', 'bool', 'float'] as const);
    const made: Drawn = {
      ...x,
      name: draft.node('CastLike', [x.name, draft.tensor([1], [1], to)])[0],
      type: to,
    };
    return draft.chance(0.7) && to !== 'float'
      ? { ...made, name: draft.node('Cast', [made.name], { to: TYPES.float })[0], type: 'float' }
      : made;
  },
  Add: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: binary('Div', 2, false),
  Sum: binary('Sum', 4),
  Mean: binary('Mean', 3),
  Max: binary('Max', 3),
  Min: binary('Min', 3),
  Where: (draft, x) => {
    if (!isNumber(x)) return undefined;
    const dims = fitting(draft, x.dims);
    if (broadcast(dims, x.dims)?.join() !== x.dims.join()) return undefined;
    const condition = draft.tensor(
      dims,
      Array.from({ length: sizeOf(dims) }, () => draft.whole(0, 1)),
      'bool',
    );
    return like(x, draft.node('Where', [condition, x.name, constant(draft, [])])[0], true);
  },
};

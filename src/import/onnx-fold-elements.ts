import { combined } from './onnx-arrays';
import { NotFolded } from './onnx-error';
import { needed, type Evaluator, type Evaluators } from './onnx-evaluator';
import { constantOf, ELEMENT, isFloatType, typeName, type Constant } from './onnx-tensors';

/** Whole numbers of a type as C converts others to it. */
const WRAPS: Readonly<Record<number, (values: Float64Array) => ArrayLike<number>>> = {
  2: (values) => Uint8Array.from(values),
  3: (values) => Int8Array.from(values),
  4: (values) => Uint16Array.from(values),
  5: (values) => Int16Array.from(values),
  6: (values) => Int32Array.from(values),
  12: (values) => Uint32Array.from(values),
};

const isTrue = (value: number) => value !== 0;

/** Operators that work on each element alone. */
export const ELEMENT_EVALUATORS: Evaluators = {
  Identity: ({ inputs }) => needed(inputs, 0),
  Cast: ({ inputs, attributes }) => {
    attributes.passOver('saturate', 'round_mode');
    return cast(needed(inputs, 0), attributes.number('to', 0));
  },
  CastLike: ({ inputs, attributes }) => {
    attributes.passOver('saturate', 'round_mode');
    return cast(needed(inputs, 0), inputs[1]?.type ?? 0);
  },

  Add: arithmetic((a, b) => a + b),
  Sub: arithmetic((a, b) => a - b),
  Mul: arithmetic((a, b) => a * b),
  Div: arithmetic((a, b) => a / b, Math.trunc),
  Pow: arithmetic((a, b) => a ** b, Math.trunc),
  Mod: (call) => {
    const isC = call.attributes.number('fmod', 0) !== 0;
    return arithmetic((a, b) => (isC ? a % b : a - b * Math.floor(a / b)))(call);
  },
  Sum: arithmetic((...values) => values.reduce((sum, value) => sum + value, 0)),
  Mean: arithmetic((...values) => values.reduce((sum, value) => sum + value, 0) / values.length),
  Max: arithmetic((...values) => Math.max(...values)),
  Min: arithmetic((...values) => Math.min(...values)),

  Equal: comparison((a, b) => a === b),
  Less: comparison((a, b) => a < b),
  LessOrEqual: comparison((a, b) => a <= b),
  Greater: comparison((a, b) => a > b),
  GreaterOrEqual: comparison((a, b) => a >= b),
  And: comparison((a, b) => isTrue(a) && isTrue(b)),
  Or: comparison((a, b) => isTrue(a) || isTrue(b)),
  Xor: comparison((a, b) => isTrue(a) !== isTrue(b)),
  Not: comparison((a) => !isTrue(a)),
  IsNaN: comparison((a) => Number.isNaN(a)),
  Where: ({ inputs }) => {
    const [condition, x, y] = [0, 1, 2].map((index) => needed(inputs, index));
    return combined([condition, x, y], x.type, (which, a, b) => (isTrue(which) ? a : b));
  },
  Clip: ({ inputs }) => {
    const x = needed(inputs, 0);
    const [lowest, highest] = [
      inputs[1]?.constant?.data[0] ?? -Infinity,
      inputs[2]?.constant?.data[0] ?? Infinity,
    ];
    return combined([x], x.type, (value) => Math.min(highest, Math.max(lowest, value)));
  },

  Abs: ofOne(Math.abs),
  Neg: ofOne((value) => -value),
  Sign: ofOne(Math.sign),
  Ceil: ofOne(Math.ceil),
  Floor: ofOne(Math.floor),
  Round: ofOne(roundedToEven),
  Sqrt: ofOne(Math.sqrt),
  Reciprocal: ofOne((value) => 1 / value),
  Exp: ofOne(Math.exp),
  Log: ofOne(Math.log),
  Sin: ofOne(Math.sin),
  Cos: ofOne(Math.cos),
  Tanh: ofOne(Math.tanh),
  Sigmoid: ofOne((value) => 1 / (1 + Math.exp(-value))),
  Softplus: ofOne((value) => Math.log1p(Math.exp(value))),
  Relu: ofOne((value) => Math.max(0, value)),
};

/** Halves go to the even neighbour. */
function roundedToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

function cast(from: Constant, type: number): Constant {
  if (typeName(type) === undefined)
    throw new NotFolded(`it makes elements of type ${type}, which are not read here`);
  if (type === from.type) return from;
  if (type === ELEMENT.bool) return combined([from], type, (value) => Number(value !== 0));
  if (isFloatType(type)) return constantOf(from.dims, from.data, type);
  const whole = Float64Array.from(from.data, Math.trunc);
  return constantOf(from.dims, WRAPS[type]?.(whole) ?? whole, type);
}

function arithmetic(
  compute: (...values: number[]) => number,
  toWhole: (value: number) => number = (value) => value,
): Evaluator {
  return ({ inputs }) => {
    const parts = inputs.map((_, index) => needed(inputs, index));
    const { type } = parts[0];
    if (isFloatType(type)) return combined(parts, type, compute);
    return combined(parts, type, (...values) => {
      const value = toWhole(compute(...values));
      if (!Number.isFinite(value)) throw new NotFolded(`it divides ${values.join(' by ')}`);
      return value;
    });
  };
}

function comparison(compute: (...values: number[]) => boolean): Evaluator {
  return ({ inputs }) => {
    const parts = inputs.map((_, index) => needed(inputs, index));
    return combined(parts, ELEMENT.bool, (...values) => Number(compute(...values)));
  };
}

function ofOne(compute: (value: number) => number): Evaluator {
  return ({ inputs }) => {
    const x = needed(inputs, 0);
    return combined([x], x.type, compute);
  };
}

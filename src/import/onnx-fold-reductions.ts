import { axisOf, sizeOf, stridesOf, transposedConstant } from './onnx-arrays';
import { NotFolded } from './onnx-error';
import { needed, type Evaluator, type Evaluators, type FoldCall } from './onnx-evaluator';
import { constantOf, ELEMENT, isFloatType, type Constant } from './onnx-tensors';

type Row = ArrayLike<number>;

const sum = (row: Row) => reduce(row, (total, value) => total + value, 0);
const largest = (row: Row) => reduce(row, Math.max, -Infinity);
const squares = (row: Row) => reduce(row, (total, value) => total + value * value, 0);

/** Operators that make one number of many. */
export const REDUCTION_EVALUATORS: Evaluators = {
  ReduceSum: reduction(sum),
  ReduceMean: reduction((row, isFloat) =>
    isFloat ? sum(row) / row.length : Math.trunc(sum(row) / row.length),
  ),
  ReduceProd: reduction((row) => reduce(row, (product, value) => product * value, 1)),
  ReduceMax: reduction(largest),
  ReduceMin: reduction((row) => reduce(row, Math.min, Infinity)),
  ReduceL1: reduction((row) => reduce(row, (total, value) => total + Math.abs(value), 0)),
  ReduceL2: reduction((row) => Math.sqrt(squares(row))),
  ReduceSumSquare: reduction(squares),
  ReduceLogSum: reduction((row) => Math.log(sum(row))),
  ReduceLogSumExp: reduction((row) => Math.log(reduce(row, (total, value) => total + Math.exp(value), 0))),
  ArgMax: extreme((value, best) => value > best),
  ArgMin: extreme((value, best) => value < best),
  CumSum: ({ inputs, attributes }) => {
    const x = needed(inputs, 0);
    const axis = axisOf(needed(inputs, 1).data[0], x.dims.length);
    const [isExclusive, isReverse] = ['exclusive', 'reverse'].map((name) => attributes.number(name, 0) !== 0);
    const stride = stridesOf(x.dims)[axis];
    const length = x.dims[axis];
    const result = x.data.slice();
    for (let at = 0; at < x.data.length; at++) {
      const position = Math.floor(at / stride) % length;
      const first = at - position * stride;
      let total = 0;
      const [from, to] = isReverse
        ? [position + Number(isExclusive), length]
        : [0, position + Number(!isExclusive)];
      for (let other = from; other < to; other++) total += x.data[first + other * stride];
      result[at] = total;
    }
    return { ...x, data: result };
  },
  MatMul: ({ inputs }) => {
    const [a, b] = [needed(inputs, 0), needed(inputs, 1)];
    if (a.dims.length !== 2 || b.dims.length !== 2 || a.dims[1] !== b.dims[0])
      throw new NotFolded(
        `of constants only matrices that fit are multiplied. Received: [${a.dims.join(', ')}] and [${b.dims.join(', ')}]`,
      );
    const [rows, depth, columns] = [...a.dims, b.dims[1]];
    const values = new Float64Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let k = 0; k < depth; k++) {
        const factor = a.data[row * depth + k];
        for (let column = 0; column < columns; column++)
          values[row * columns + column] += factor * b.data[k * columns + column];
      }
    }
    return constantOf([rows, columns], values, a.type);
  },
};

function reduce(row: Row, join: (total: number, value: number) => number, start: number): number {
  let total = start;
  for (let at = 0; at < row.length; at++) total = join(total, row[at]);
  return total;
}

/** The axes of a reduction, by its second input or, in older operator sets, its attribute. */
function axesOf({ inputs, attributes }: FoldCall, rank: number): number[] {
  const listed = attributes.numbers('axes');
  const given = inputs[1]?.constant ? [...inputs[1].constant.data] : (listed ?? []);
  const keepsAll = attributes.number('noop_with_empty_axes', 0) !== 0;
  if (given.length > 0) return given.map((axis) => axisOf(axis, rank));
  return keepsAll ? [] : Array.from({ length: rank }, (_, axis) => axis);
}

function reduction(compute: (row: Row, isFloat: boolean) => number): Evaluator {
  return (call) => {
    const x = needed(call.inputs, 0);
    const axes = axesOf(call, x.dims.length);
    const keepsAxes = call.attributes.number('keepdims', 1) !== 0;
    return reduced(x, axes, keepsAxes, x.type, (row) => compute(row, isFloatType(x.type)));
  };
}

function extreme(isBetter: (value: number, best: number) => boolean): Evaluator {
  return ({ inputs, attributes }) => {
    const x = needed(inputs, 0);
    const axis = axisOf(attributes.number('axis', 0), x.dims.length);
    const takesLast = attributes.number('select_last_index', 0) !== 0;
    return reduced(x, [axis], attributes.number('keepdims', 1) !== 0, ELEMENT.int64, (row) => {
      let best = 0;
      for (let at = 1; at < row.length; at++) {
        if (isBetter(row[at], row[best]) || (takesLast && row[at] === row[best])) best = at;
      }
      return best;
    });
  };
}

function reduced(
  x: Constant,
  axes: readonly number[],
  keepsAxes: boolean,
  type: number,
  compute: (row: Row) => number,
): Constant {
  const kept = x.dims.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const gone = x.dims.map((_, axis) => axis).filter((axis) => axes.includes(axis));
  const { data } = transposedConstant(x, [...kept, ...gone]);
  const length = sizeOf(gone.map((axis) => x.dims[axis]));
  const count = sizeOf(kept.map((axis) => x.dims[axis]));
  const values = Array.from({ length: count }, (_, at) =>
    compute(data.subarray(at * length, (at + 1) * length)),
  );
  const dims = keepsAxes
    ? x.dims.map((own, axis) => (axes.includes(axis) ? 1 : own))
    : kept.map((axis) => x.dims[axis]);
  return constantOf(dims, values, type);
}

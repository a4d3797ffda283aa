import {
  axisOf,
  broadcastDims,
  checkSize,
  counted,
  repeated,
  reshapedConstant,
  sizeOf,
  transposedConstant,
} from './onnx-arrays';
import { NotFolded } from './onnx-error';
import { needed, type Evaluators, type FoldCall } from './onnx-evaluator';
import { constantOf, ELEMENT, type Constant } from './onnx-tensors';

/** Operators that make constants of nothing but a shape, or only give what there is another one. */
export const SHAPE_EVALUATORS: Evaluators = {
  Constant: ({ attributes, readTensor }) => {
    const tensor = attributes.tensor('value');
    if (tensor !== undefined) return readTensor(tensor);
    for (const [kind, type] of [
      ['int', ELEMENT.int64],
      ['float', ELEMENT.float32],
    ] as const) {
      const value = attributes.number(`value_${kind}`);
      if (value !== undefined) return constantOf([], [value], type);
      const values = attributes.numbers(`value_${kind}s`);
      if (values !== undefined) return constantOf([values.length], values, type);
    }
    throw new NotFolded('it has no value that is read here');
  },
  ConstantOfShape: ({ inputs, attributes, readTensor }) => {
    const value = attributes.tensor('value');
    const { type, data } = value === undefined ? constantOf([1], [0], ELEMENT.float32) : readTensor(value);
    const dims = [...needed(inputs, 0).data];
    checkSize(dims, []);
    const filled = constantOf(dims, new Float64Array(sizeOf(dims)), type);
    filled.data.fill(data[0]);
    return filled;
  },
  Range: ({ inputs }) => {
    const [start, limit, delta] = [0, 1, 2].map((index) => needed(inputs, index).data[0]);
    const length = Math.max(0, Math.ceil((limit - start) / delta));
    checkSize([length], []);
    return constantOf([length], counted(length, delta, start), needed(inputs, 0).type);
  },
  EyeLike: ({ inputs: [x], attributes }) => {
    const [rows, columns] = x?.dims ?? [];
    const k = attributes.number('k', 0);
    checkSize([rows, columns], []);
    const type = attributes.number('dtype', x?.type ?? ELEMENT.float32);
    const data = Array.from({ length: rows * columns }, (_, at) =>
      Number((at % columns) - Math.floor(at / columns) === k),
    );
    return constantOf([rows, columns], data, type);
  },

  Shape: ({ inputs: [x], attributes }) => {
    const dims = x?.dims ?? [];
    const part = dims.slice(attributes.number('start', 0), attributes.number('end', dims.length));
    return constantOf([part.length], part, ELEMENT.int64);
  },
  Size: ({ inputs: [x] }) => constantOf([], [sizeOf(x?.dims ?? [])], ELEMENT.int64),

  Reshape: ({ inputs, attributes }) => {
    const [x, shape] = [needed(inputs, 0), needed(inputs, 1)];
    const keepsZeros = attributes.number('allowzero', 0) !== 0;
    const dims = Array.from(shape.data, (length, axis) =>
      length === 0 && !keepsZeros ? x.dims[axis] : length,
    );
    const known = sizeOf(dims.filter((length) => length !== -1));
    return reshapedConstant(
      x,
      dims.map((length) => (length === -1 ? x.data.length / known : length)),
    );
  },
  Flatten: ({ inputs, attributes }) => {
    const x = needed(inputs, 0);
    const given = attributes.number('axis', 1);
    const axis = given === x.dims.length ? given : axisOf(given, x.dims.length);
    return reshapedConstant(x, [sizeOf(x.dims.slice(0, axis)), sizeOf(x.dims.slice(axis))]);
  },
  Squeeze: (call) => {
    const x = needed(call.inputs, 0);
    const gone = axesOf(call, x.dims.length);
    const dims = x.dims.filter((length, axis) => !(gone?.includes(axis) ?? length === 1));
    return reshapedConstant(x, dims);
  },
  Unsqueeze: (call) => {
    const x = needed(call.inputs, 0);
    const rank = x.dims.length + (call.inputs[1]?.constant ?? NO_AXES).data.length;
    const added = axesOf(call, rank) ?? [];
    const left = [...x.dims];
    return reshapedConstant(
      x,
      Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : (left.shift() as number))),
    );
  },
  Transpose: ({ inputs, attributes }) => {
    const x = needed(inputs, 0);
    const axes = attributes.numbers('perm') ?? x.dims.map((_, axis) => x.dims.length - 1 - axis);
    const isOrder = [...axes].sort((a, b) => a - b).join() === x.dims.map((_, axis) => axis).join();
    if (!isOrder) throw new NotFolded(`[${axes.join(', ')}] is no order of ${x.dims.length} axes`);
    return transposedConstant(x, axes);
  },
  Expand: ({ inputs }) => {
    const [x, shape] = [needed(inputs, 0), needed(inputs, 1)];
    const dims = broadcastDims([x.dims, [...shape.data]]);
    checkSize(dims, [x]);
    return repeated(x, dims);
  },
};

const NO_AXES: Constant = constantOf([0], [], ELEMENT.int64);

/** The axes that the second input of an operator names, counted from the first; `undefined` where it is left out. */
function axesOf({ inputs }: FoldCall, rank: number): number[] | undefined {
  const axes = inputs[1]?.constant;
  return axes && Array.from(axes.data, (axis) => axisOf(axis, rank));
}

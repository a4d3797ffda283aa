import { NotFolded } from './onnx-error';
import type { Evaluators, FoldCall, Known } from './onnx-evaluator';
import { ELEMENT_EVALUATORS } from './onnx-fold-elements';
import { PLACE_EVALUATORS } from './onnx-fold-places';
import { REDUCTION_EVALUATORS } from './onnx-fold-reductions';
import { SHAPE_EVALUATORS } from './onnx-fold-shapes';
import type { Constant } from './onnx-tensors';

/** The arithmetic of constants, above all that of shapes. */
export const EVALUATORS: Evaluators = {
  ...ELEMENT_EVALUATORS,
  ...PLACE_EVALUATORS,
  ...REDUCTION_EVALUATORS,
  ...SHAPE_EVALUATORS,
};

/** Of operators that ask some inputs only for their lengths or type, the inputs that must be constants. */
const CONSTANT_INPUTS: Readonly<Record<string, readonly number[]>> = {
  Shape: [],
  Size: [],
  EyeLike: [],
  CastLike: [0],
};

/** Batches for which what depends on the batch is computed: equal results are taken for independent of it. */
const BATCHES = [1, 999_983] as const;

/**
 * The constants that an operator gives, one for each output, or `undefined` if they depend on the images.
 *
 * @throws NotFolded for an operator on constants that is not evaluated here
 *
 * @example
 * evaluate('Add', { inputs: [two, three], attributes: Attributes.of(), outputCount: 1, readTensor }); // [five]
 */
export function evaluate(op: string, call: FoldCall): Constant[] | undefined {
  const wanted = CONSTANT_INPUTS[op] ?? [...call.inputs.keys()];
  if (wanted.some((index) => call.inputs[index] !== undefined && !call.inputs[index].constant))
    return undefined;
  if (!Object.hasOwn(EVALUATORS, op)) {
    if (call.inputs.some((input) => input !== undefined))
      throw new NotFolded('it is an operator on constants that is not evaluated here');
    return undefined;
  }
  const attributes = call.attributes.with({});
  const [one, large] = BATCHES.map((batch, which) => {
    const inputs = call.inputs.map((input) => input && ofBatch(input, batch, which));
    return () => [EVALUATORS[op]({ ...call, attributes, inputs })].flat();
  });
  const small = one();
  const [unread] = attributes.unread();
  if (unread !== undefined) throw new NotFolded(`its attribute ${unread} is not supported`);
  if (!call.inputs.some((input) => input && dependsOnBatch(input))) return small;
  return withBatch(small, large());
}

/** Whether a constant is not the same for every length of the batch. */
export function isOpen({ dataOfLargeBatch }: Constant): boolean {
  return dataOfLargeBatch !== undefined;
}

/** The elements, those that are the length of the batch as NaN; `undefined` where others depend on it too. */
export function withBatchAsNaN({ data, dataOfLargeBatch }: Constant): number[] | undefined {
  const values = Array.from(data, (value, at) => {
    const large = dataOfLargeBatch?.[at] ?? value;
    if (large === value) return value;
    return value === BATCHES[0] && large === BATCHES[1] ? NaN : undefined;
  });
  return values.includes(undefined) ? undefined : (values as number[]);
}

function dependsOnBatch({ constant, dims }: Known): boolean {
  return constant === undefined ? dims.some(Number.isNaN) : isOpen(constant);
}

function ofBatch(known: Known, batch: number, which: number): Known {
  const { constant, dims } = known;
  if (constant === undefined)
    return { ...known, dims: dims.map((length) => (Number.isNaN(length) ? batch : length)) };
  const { dataOfLargeBatch, ...plain } = constant;
  return {
    ...known,
    constant: { ...plain, data: (which === 1 ? dataOfLargeBatch : undefined) ?? plain.data },
  };
}

function withBatch(small: readonly Constant[], large: readonly Constant[]): Constant[] {
  return small.map((constant, output) => {
    const { dims, data } = large[output];
    if (dims.join() !== constant.dims.join())
      throw new NotFolded('how many elements it gives depends on the batch');
    const isEqual = data.every((value, at) => Object.is(value, constant.data[at]));
    return isEqual ? constant : { ...constant, dataOfLargeBatch: data };
  });
}

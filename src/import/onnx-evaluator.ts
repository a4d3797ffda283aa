import type { Attributes, TensorMessage } from './onnx-attributes';
import { NotFolded } from './onnx-error';
import type { Constant } from './onnx-tensors';

/** What is known of an input: a constant, or of a tensor that is computed from the images its lengths (the batch is NaN) and type. */
export interface Known {
  readonly constant?: Constant;
  readonly dims: readonly number[];
  readonly type: number;
}

/** What an evaluator is given. */
export interface FoldCall {
  readonly inputs: readonly (Known | undefined)[];
  readonly attributes: Attributes;
  readonly outputCount: number;
  readonly readTensor: (tensor: TensorMessage) => Constant;
}

/** Computes one operator on constants, with one result or one for each output; throws {@link NotFolded} where it cannot. */
export type Evaluator = (call: FoldCall) => Constant | Constant[];
export type Evaluators = Readonly<Record<string, Evaluator>>;

/** A constant that an operator cannot do without. */
export function needed(inputs: FoldCall['inputs'], index: number): Constant {
  const constant = inputs[index]?.constant;
  if (constant === undefined) throw new NotFolded(`its input ${index} is missing`);
  return constant;
}

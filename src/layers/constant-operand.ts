import * as tf from '@tensorflow/tfjs';
import type { OptionNames } from '../check-options';
import { check, unknownChoice } from '../errors';
import { checkedArgs, LAYER_OPTIONS, type LayerArgs } from './layer-args';
import { oneInput, oneShape } from './one-input';

const OPERATIONS = {
  add: tf.add,
  subtract: tf.sub,
  multiply: tf.mul,
  divide: tf.div,
  pow: tf.pow,
  maximum: tf.maximum,
  minimum: tf.minimum,
} as const;

/** What {@link constantOperand} can compute of its input and its constant. */
export type ConstantOperation = keyof typeof OPERATIONS;

/** Options of {@link constantOperand}. */
export interface ConstantOperandArgs extends LayerArgs {
  operation: ConstantOperation;
  /** The constant's lengths, aligned with the input's at the end and repeated as NumPy does; along the batch 1 if anything. */
  shape: readonly number[];
  /** Whether the constant is the first operand, as in `1 / x`; it is the second by default. */
  constantFirst?: boolean;
}

const OPTION_NAMES: OptionNames<ConstantOperandArgs> = {
  operation: true,
  shape: true,
  constantFirst: true,
  ...LAYER_OPTIONS,
};

/**
 * Adds, multiplies and so on a tensor of weights to its input, whatever axes that varies along.
 *
 * Input `[batch, …]`; the weight is `constant`, of `shape`, ones at first. The output has the shape that both are repeated to.
 * It is registered for saving and loading under the class name `ConstantOperand`.
 */
export class ConstantOperand extends tf.layers.Layer {
  static readonly className = 'ConstantOperand';

  readonly operation: ConstantOperation;
  readonly shape: readonly number[];
  readonly constantFirst: boolean;
  private constant!: tf.LayerVariable;

  constructor(args: ConstantOperandArgs) {
    super(checkedArgs('ConstantOperand', args, OPTION_NAMES));
    const { operation, shape, constantFirst = false } = args;
    if (!Object.hasOwn(OPERATIONS, operation))
      throw unknownChoice('operation', operation, Object.keys(OPERATIONS));
    const isShape =
      Array.isArray(shape) && shape.every((length) => Number.isSafeInteger(length) && length >= 1);
    check(isShape, 'shape', 'lengths of at least 1', shape);
    this.operation = operation;
    this.shape = shape;
    this.constantFirst = constantFirst;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    this.computeOutputShape(inputShape);
    this.constant = this.addWeight(
      'constant',
      [...this.shape],
      'float32',
      tf.initializers.ones(),
      undefined,
      true,
    );
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const operands = [oneInput(inputs), this.constant.read()];
      const [a, b] = this.constantFirst ? [operands[1], operands[0]] : operands;
      return OPERATIONS[this.operation](a, b);
    });
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const given = oneShape(inputShape);
    const own = [...new Array<number>(Math.max(0, given.length - this.shape.length)).fill(1), ...this.shape];
    const fits =
      own.length === given.length &&
      own.every(
        (length, axis) => length === 1 || (axis > 0 && (given[axis] === 1 || given[axis] === length)),
      );
    check(fits, 'shape', `lengths that fit [${given.join(', ')}] of layer ${this.name}`, this.shape);
    return given.map((length, axis) => (length === 1 ? own[axis] : length));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { operation, shape, constantFirst } = this;
    return { ...super.getConfig(), operation, shape: [...shape], constantFirst };
  }
}

tf.serialization.registerClass(ConstantOperand);

/**
 * A layer that adds, multiplies and so on a tensor of weights to its input.
 *
 * @throws InvalidArgumentError for an operation that is none; for lengths below 1 and, when it is built, that do not fit the input
 *
 * @example
 * // A position embedding: one number for each of 196 positions and 384 features.
 * const y = constantOperand({ operation: 'add', shape: [196, 384] }).apply(x);
 */
export function constantOperand(args: ConstantOperandArgs): ConstantOperand {
  return new ConstantOperand(args);
}

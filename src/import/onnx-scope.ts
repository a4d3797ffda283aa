import type * as tf from '@tensorflow/tfjs';
import type { OnnxNode } from './onnx-attributes';
import { OnnxError } from './onnx-error';
import type { LayerWeights, OnnxLayers, Value } from './onnx-layers';
import { layerName } from './onnx-names';
import type { Constant } from './onnx-tensors';
import { fileLengths, lengthOf, regrouped, usualOrder, viewOf, type View } from './onnx-view';

export type Operand = Value | Constant | undefined;

/** What an operator becomes: one value for each output, or the only one. */
export type Operator = (scope: NodeScope) => Value | (Value | undefined)[];
export type Operators = Readonly<Record<string, Operator>>;

export function isConstant(operand: Operand): operand is Constant {
  return operand !== undefined && 'data' in operand;
}

/** One node on its way to be layers: what it reads, and the means to make them. */
export class NodeScope {
  constructor(
    readonly node: OnnxNode,
    private readonly operands: readonly Operand[],
    private readonly layers: OnnxLayers,
    /** Whether anything reads the output of that number. */
    readonly isRead: (output: number) => boolean,
  ) {}

  get attributes() {
    return this.node.attributes;
  }

  get inputCount(): number {
    return this.operands.length;
  }

  fails(reason: string): OnnxError {
    return new OnnxError(`${this.node.op} ${this.node.name}: ${reason}.`);
  }

  isConstant(index: number): boolean {
    return isConstant(this.operands[index]);
  }

  /** An input that is computed from the images. */
  value(index: number): Value {
    const operand = this.operands[index];
    if (operand === undefined) throw this.fails(`its input ${index} is missing`);
    if (isConstant(operand))
      throw this.fails(`its input ${index} is a constant, where only what is computed is supported`);
    return operand;
  }

  /** An input that is known from the file. */
  constant(index: number): Constant {
    const constant = this.optionalConstant(index);
    if (constant === undefined) throw this.fails(`its input ${index} is missing`);
    return constant;
  }

  optionalConstant(index: number): Constant | undefined {
    const operand = this.operands[index];
    if (operand === undefined || isConstant(operand)) return operand;
    throw this.fails(`its input ${index} is computed, where only what the file tells is supported`);
  }

  /** Whole numbers given as an input, or as an attribute as in older operator sets. */
  integers(index: number, attribute: string): readonly number[] | undefined {
    const constant = this.optionalConstant(index);
    return constant === undefined ? this.attributes.numbers(attribute) : [...constant.data];
  }

  /** The file's axis of a number that may be counted from the end. */
  axis(given: number, rank: number): number {
    const axis = given < 0 ? given + rank : given;
    if (!Number.isInteger(axis) || axis < 0 || axis >= rank)
      throw this.fails(`there is no axis ${given} of ${rank}`);
    if (axis === 0) throw this.fails('it works along the batch');
    return axis;
  }

  /** Images `[batch, height, width, channels]` of a value that the file has as `[batch, channels, height, width]`. */
  image(index: number): tf.SymbolicTensor {
    const value = this.value(index);
    const rank = value.view.file.length;
    if (rank !== 4) throw this.fails(`only images, of 4 axes, are supported. Received: ${rank} axes`);
    return this.arrange(value, usualOrder(4)).x;
  }

  arrange(value: Value, order: readonly number[]): Value {
    return this.layers.arrange(value, order, this.name().replace(/\.reshape$/, ''));
  }

  /** The file's elements in their order under other lengths; those are without the batch. */
  regroup(value: Value, lengths: readonly number[]): Value {
    const count = (axes: readonly number[]) => axes.reduce((product, length) => product * length, 1);
    const present = count(value.view.file.slice(1).map(lengthOf));
    if (count(lengths) !== present) {
      throw this.fails(`${present} elements of each image do not fit in [${lengths.join(', ')}]`);
    }
    const view = regrouped(value.view, lengths);
    if (view !== undefined) return { ...value, view };
    const inLine = { ...value, view: regrouped(value.view, [present]) as View };
    return { ...this.arrange(inLine, [0, 1]), view: regrouped(viewOf([present], [0, 1]), lengths) as View };
  }

  /** The layer's name, with a number after it where it is taken. */
  unique(weight?: number, suffix = ''): string {
    return this.layers.unique(this.name(weight) + suffix);
  }

  apply(
    layer: tf.layers.Layer,
    x: tf.SymbolicTensor | tf.SymbolicTensor[],
    weights?: LayerWeights,
  ): tf.SymbolicTensor {
    return this.layers.apply(layer, x, weights);
  }

  /** Of nodes with the same weights and options, one layer. */
  applyShared(
    weights: readonly number[],
    options: object,
    make: () => tf.layers.Layer,
    x: tf.SymbolicTensor,
    values: LayerWeights,
  ): tf.SymbolicTensor {
    const names = weights.map((index) => this.node.inputs[index]);
    return this.layers.applyShared(JSON.stringify([names, options]), make, x, values);
  }

  /** A value of the same axes, by a layer that works on each element alone. */
  eachElement(value: Value, layer: tf.layers.Layer, isNeverNegative = false): Value {
    return { ...value, x: this.apply(layer, value.x), isNeverNegative };
  }

  private name(weight?: number): string {
    return layerName(this.node, weight === undefined ? undefined : this.node.inputs[weight]);
  }
}

/** What a layer put out whose axes are the file's in an order. */
export function valueOf(x: tf.SymbolicTensor, order: readonly number[], isNeverNegative = false): Value {
  const lengths: number[] = [];
  order.forEach((axis, own) => (lengths[axis] = x.shape[own] as number));
  return { x, view: viewOf(lengths.slice(1), order), isNeverNegative };
}

/** What the file has as images and a layer put out with the channels last. */
export function imageValue(x: tf.SymbolicTensor, isNeverNegative = false): Value {
  return valueOf(x, usualOrder(4), isNeverNegative);
}

/** The lengths of a value as the file sees it, without the batch. */
export function lengthsOf({ view }: Value): number[] {
  return fileLengths(view).slice(1) as number[];
}

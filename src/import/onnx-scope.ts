import type * as tf from '@tensorflow/tfjs';
import type { Attributes, OnnxNode } from './onnx-attributes';
import { isOpen, withBatchAsNaN } from './onnx-constants';
import { OnnxError } from './onnx-error';
import type { LayerWeights, OnnxLayers, Value } from './onnx-layers';
import { layerName } from './onnx-names';
import type { Constant } from './onnx-tensors';
import {
  fileLengths,
  lengthOf,
  orderOf,
  regrouped,
  transposed,
  usualOrder,
  viewOf,
  type View,
} from './onnx-view';

export type Operand = Value | Constant | undefined;

/** What an operator becomes: one value for each output, or the only one. */
export type Operator = (scope: NodeScope) => Value | (Value | undefined)[];
export type Operators = Readonly<Record<string, Operator>>;

export function isConstant(operand: Operand): operand is Constant {
  return operand !== undefined && 'data' in operand;
}

/** What a node is given beside itself and the means to make layers. */
export interface NodeSurroundings {
  readonly operands: readonly Operand[];
  /** The types of the elements that it reads, by input, as numbers of {@link ELEMENT}. */
  readonly types: readonly number[];
  /** Whether anything reads the output of that number. */
  readonly isRead: (output: number) => boolean;
  /** The length of the batch, where the file tells one. Models here take any. */
  readonly batch?: number;
}

/** One node on its way to be layers: what it reads, and the means to make them. */
export class NodeScope {
  /** The node's, with a note of which were asked for. */
  readonly attributes: Attributes;
  private readonly asked = new Set<number>();
  private madeType?: number;

  constructor(
    readonly node: OnnxNode,
    private readonly around: NodeSurroundings,
    private readonly layers: OnnxLayers,
  ) {
    this.attributes = node.attributes.with({});
  }

  get inputCount(): number {
    return this.around.operands.length;
  }

  get batch(): number | undefined {
    return this.around.batch;
  }

  isRead(output: number): boolean {
    return this.around.isRead(output);
  }

  fails(reason: string): OnnxError {
    return new OnnxError(`${this.node.op} ${this.node.name}: ${reason}.`);
  }

  /** Refuses a node that has an attribute or an input that nobody asked for: it would mean something that was not done. */
  checkAllRead(): void {
    const [attribute] = this.attributes.unread();
    if (attribute !== undefined) throw this.fails(`its attribute ${attribute} is not supported`);
    const input = this.around.operands.findIndex(
      (operand, index) => operand !== undefined && !this.asked.has(index),
    );
    if (input >= 0) throw this.fails(`its input ${input}, ${this.node.inputs[input]}, is not supported`);
  }

  isConstant(index: number): boolean {
    return isConstant(this.around.operands[index]);
  }

  /** The type of an input's elements. */
  elementType(index: number): number {
    this.asked.add(index);
    return this.around.types[index];
  }

  /** Says that what the node puts out has elements of another type than its first input. */
  putsOut(type: number): void {
    this.madeType = type;
  }

  /** The type of what the node puts out: of all operators here but those that convert, that of what they read. */
  get outputType(): number {
    const value = this.around.operands.findIndex((operand) => operand !== undefined && !isConstant(operand));
    return this.madeType ?? this.around.types[Math.max(0, value)];
  }

  /** An input that is computed from the images. */
  value(index: number): Value {
    this.asked.add(index);
    const operand = this.around.operands[index];
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
    const operand = this.known(index);
    if (operand !== undefined && isOpen(operand))
      throw this.fails(`its input ${index} depends on the length of the batch, which is free here`);
    return operand;
  }

  /** The lengths or positions in an input; one that is the length of the batch is NaN. */
  lengths(index: number): readonly number[] {
    const operand = this.known(index);
    if (operand === undefined) throw this.fails(`its input ${index} is missing`);
    const lengths = withBatchAsNaN(operand);
    if (lengths === undefined)
      throw this.fails(`its input ${index} depends on the length of the batch other than being it`);
    return lengths;
  }

  private known(index: number): Constant | undefined {
    this.asked.add(index);
    const operand = this.around.operands[index];
    if (operand === undefined || isConstant(operand)) return operand;
    throw this.fails(`its input ${index} is computed, where only what the file tells is supported`);
  }

  /** The number of the input that a constant is. */
  constantIndex(constant: Constant): number | undefined {
    const index = this.around.operands.indexOf(constant);
    return index < 0 ? undefined : index;
  }

  /** Whole numbers given as an input, or as an attribute as in older operator sets. */
  integers(index: number, attribute: string): readonly number[] | undefined {
    const constant = this.optionalConstant(index);
    const listed = this.attributes.numbers(attribute);
    return constant === undefined ? listed : [...constant.data];
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

  /** The value with one of the file's axes last. */
  withLast(value: Value, axis: number): Value {
    return this.arrange(value, this.orderWithLast(value, axis));
  }

  /** An order of a value's axes with one of them last: its own, or the usual one, where that has it so. */
  orderWithLast({ view }: Value, axis: number): readonly number[] {
    const rank = view.file.length;
    const others = Array.from({ length: rank }, (_, index) => index).filter((index) => index !== axis);
    const known = [orderOf(view), usualOrder(rank)].find((candidate) => candidate?.at(-1) === axis);
    return known ?? [...others, axis];
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

  /**
   * A layer along one of the file's axes, which comes to lie last. tfjs normalises at most four axes: of more, those before the
   * last go as one.
   */
  along(value: Value, axis: number, layer: tf.layers.Layer, weights?: LayerWeights): Value {
    const rank = value.view.file.length;
    if (rank <= 4) {
      const lying = this.withLast(value, axis);
      return { ...lying, x: this.apply(layer, lying.x, weights), isNeverNegative: false };
    }
    const order = [...Array.from({ length: rank }, (_, index) => index).filter((own) => own !== axis), axis];
    const turned = { ...value, view: transposed(value.view, order) };
    const lengths = lengthsOf(turned);
    const channels = lengths[rank - 2];
    const positions = lengths.slice(0, -1).reduce((product, length) => product * length, 1);
    const flat = this.arrange(this.regroup(turned, [positions, channels]), [0, 1, 2]);
    const made = valueOf(this.apply(layer, flat.x, weights), [0, 1, 2]);
    const whole = this.regroup(made, lengths);
    return {
      ...whole,
      view: transposed(
        whole.view,
        order.map((_, own) => order.indexOf(own)),
      ),
    };
  }

  /**
   * The layer's name, with a number after it where it is taken.
   *
   * @param weight the input that is the layer's kernel or scale
   * @param isParameter whether that is all that the layer has, so that its own name can be the layer's
   */
  unique(weight?: number, suffix = '', isParameter = false): string {
    return this.layers.unique(this.name(weight, isParameter) + suffix);
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

  private name(weight?: number, isParameter = false): string {
    return layerName(this.node, weight === undefined ? undefined : this.node.inputs[weight], isParameter);
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

import * as tf from '@tensorflow/tfjs';
import { constantOperand, type ConstantOperation } from '../layers/constant-operand';
import { elementFunction } from '../layers/element-function';
import { groupedConv2D } from '../layers/grouped-conv2d';
import { layerScale } from '../layers/layer-scale';
import { combined, transposedConstant, withRank } from './onnx-arrays';
import type { Value } from './onnx-layers';
import { lengthsOf, valueOf, type NodeScope, type Operators } from './onnx-scope';
import { constantOf, floats, isFloatType, type Constant } from './onnx-tensors';
import { liesLike, orderOf, usualOrder } from './onnx-view';

type Merge = 'add' | 'multiply' | 'maximum' | 'minimum';

export const ARITHMETIC_OPERATORS: Operators = {
  Add: (scope) => merged(scope, 'add', (a, b) => a + b),
  Sum: (scope) => merged(scope, 'add', (a, b) => a + b),
  Mul: (scope) => merged(scope, 'multiply', (a, b) => a * b),
  Max: (scope) => merged(scope, 'maximum', Math.max),
  Min: (scope) => merged(scope, 'minimum', Math.min),
  Mean: (scope) =>
    rescaled(
      scope,
      merged(scope, 'add', (a, b) => a + b),
      1 / scope.inputCount,
      0,
      '.mean',
    ),
  Sub: (scope) => {
    if (scope.isConstant(1)) return operated(scope, 'subtract', scope.value(0), scope.constant(1));
    const negative = rescaled(scope, scope.value(1), -1, 0, '.negative');
    if (scope.isConstant(0)) return operated(scope, 'add', negative, scope.constant(0));
    return joined(scope, 'add', [scope.value(0), negative]);
  },
  Div: (scope) => {
    if (scope.isConstant(1)) return operated(scope, 'divide', scope.value(0), scope.constant(1));
    if (!isFloatType(scope.elementType(0)))
      throw scope.fails('whole numbers that are computed are not divided by here');
    const layer = elementFunction({ name: scope.unique(undefined, '.reciprocal'), function: 'reciprocal' });
    const inverse = scope.eachElement(scope.value(1), layer, scope.value(1).isNeverNegative);
    if (scope.isConstant(0)) return operated(scope, 'multiply', inverse, scope.constant(0));
    return joined(scope, 'multiply', [scope.value(0), inverse]);
  },
  Pow: (scope) => {
    if (scope.isConstant(1)) return operated(scope, 'pow', scope.value(0), scope.constant(1));
    return operated(scope, 'pow', scope.value(1), scope.constant(0), true);
  },
  PRelu: (scope) => {
    const x = scope.value(0);
    const above = scope.eachElement(x, tf.layers.reLU({ name: scope.unique(undefined, '.above') }), true);
    const clip = elementFunction({ name: scope.unique(undefined, '.below'), function: 'clip', maximum: 0 });
    const below = operated(scope, 'multiply', scope.eachElement(x, clip), scope.constant(1));
    return joined(scope, 'add', [above, below]);
  },
  /** A scale and a shift of each channel, see onnx-patterns.ts. */
  ScaleShift: (scope) => {
    const [value, scale, shift] = [scope.value(0), scope.constant(1), scope.constant(2)];
    const axis = channelAxis(value, scale);
    if (axis !== undefined && axis === channelAxis(value, shift))
      return scaledAndShifted(scope, value, axis, floats(scale), floats(shift));
    return operated(scope, 'add', operated(scope, 'multiply', value, scale), shift);
  },
};

/**
 * What is computed of all inputs, the constants among them first of all.
 *
 * @param join of two constants
 */
function merged(scope: NodeScope, kind: Merge, join: (a: number, b: number) => number): Value {
  const indices = Array.from({ length: scope.inputCount }, (_, index) => index);
  const constants = indices.filter((index) => scope.isConstant(index)).map((index) => scope.constant(index));
  const values = indices.filter((index) => !scope.isConstant(index)).map((index) => scope.value(index));
  const value = values.length === 1 ? values[0] : joined(scope, kind, values);
  if (constants.length === 0) return value;
  const constant = constants.reduce((one, other) => combined([one, other], one.type, join));
  return operated(scope, kind, value, constant);
}

/** Several values that are computed. */
function joined(scope: NodeScope, kind: Merge, values: readonly Value[]): Value {
  const rank = values[0].view.file.length;
  if (values.some(({ view }) => view.file.length !== rank)) {
    throw scope.fails(
      `values of ${values.map(({ view }) => view.file.length).join(' and ')} axes are not merged here`,
    );
  }
  const isNeverNegative = values.every((value) => value.isNeverNegative);
  const layer = () => tf.layers[kind]({ name: scope.unique() });
  const [first, ...others] = values;
  if (others.every(({ view }) => liesLike(view, first.view))) {
    const x = scope.apply(
      layer(),
      values.map((value) => value.x),
    );
    return { ...first, x, isNeverNegative };
  }
  const order =
    values.map(({ view }) => orderOf(view)).find((found) => found !== undefined) ?? usualOrder(rank);
  const lengths = values.map(lengthsOf);
  const fits = lengths[0].every((_, axis) => {
    const long = lengths.map((own) => own[axis]).filter((length) => length !== 1);
    return long.every((length) => length === long[0]);
  });
  if (!fits)
    throw scope.fails(`[${lengths.map((own) => own.join(', ')).join('] and [')}] do not fit each other`);
  const tensors = values.map((value) => scope.arrange(value, order).x);
  return valueOf(scope.apply(layer(), tensors), order, isNeverNegative);
}

/** What is computed of a value and a constant, whatever axes that varies along. */
export function operated(
  scope: NodeScope,
  operation: ConstantOperation,
  value: Value,
  constant: Constant,
  constantFirst = false,
): Value {
  const isWhole = !isFloatType(scope.elementType(0));
  const divides = operation === 'divide' && isWhole;
  checkFits(scope, value, constant);
  if (!divides && !constantFirst && isLinear(operation)) {
    // Subtracting is adding, and dividing multiplying.
    const isSum = operation === 'add' || operation === 'subtract';
    const inverse = (number: number) => (isSum ? -number : 1 / number);
    const data = floats(constant).map(
      operation === 'add' || operation === 'multiply' ? (number) => number : inverse,
    );
    if (data.length === 1)
      return isSum ? rescaled(scope, value, 1, data[0]) : rescaled(scope, value, data[0], 0);
    const axis = channelAxis(value, constant);
    if (axis !== undefined) {
      if (isSum)
        return scaledAndShifted(
          scope,
          value,
          axis,
          data.map(() => 1),
          data,
        );
      const lying = scope.withLast(value, axis);
      const layer = layerScale({ name: scope.unique(scope.constantIndex(constant)) });
      const x = scope.apply(layer, lying.x, { layer_scale: { shape: [data.length], data } });
      return { ...lying, x, isNeverNegative: value.isNeverNegative && data.every((factor) => factor >= 0) };
    }
  }
  const made = byOperand(scope, operation, value, constant, constantFirst);
  if (!divides) return made;
  const layer = elementFunction({ name: scope.unique(undefined, '.truncate'), function: 'truncate' });
  return scope.eachElement(made, layer, made.isNeverNegative);
}

function isLinear(operation: ConstantOperation): boolean {
  return ['add', 'subtract', 'multiply', 'divide'].includes(operation);
}

/** By a layer that holds the constant as a tensor. */
function byOperand(
  scope: NodeScope,
  operation: ConstantOperation,
  value: Value,
  constant: Constant,
  constantFirst: boolean,
): Value {
  const rank = value.view.file.length;
  const order = orderOf(value.view) ?? usualOrder(rank);
  const lying = scope.arrange(value, order);
  const inOrder = order.every((axis, own) => axis === own);
  const full = constantOf(withRank(constant.dims, rank), constant.data, constant.type);
  const moved = inOrder ? constant : transposedConstant(full, order);
  const shape = inOrder ? moved.dims : moved.dims.slice(1);
  const layer = constantOperand({
    name: scope.unique(scope.constantIndex(constant), '', true),
    operation,
    shape,
    constantFirst,
    trainable: isLinear(operation),
  });
  const x = scope.apply(layer, lying.x, { constant: { shape, data: floats(moved) } });
  const isPositive = constant.data.every((number) => number >= 0);
  const isNeverNegative =
    operation === 'maximum'
      ? value.isNeverNegative || isPositive
      : operation !== 'subtract' && value.isNeverNegative && isPositive;
  return valueOf(x, order, isNeverNegative);
}

/**
 * Whether the constant's lengths, aligned at the end as NumPy does, are the value's or 1 on either side.
 *
 * @throws OnnxError where not, and where it would vary along the batch, which is free
 */
function checkFits(scope: NodeScope, value: Value, { dims }: Constant): void {
  const lengths = lengthsOf(value);
  const rank = lengths.length + 1;
  const received = `[${dims.join(', ')}] for [batch, ${lengths.join(', ')}]`;
  if (dims.length > rank)
    throw scope.fails(`a constant has more axes than what it is joined with. Received: ${received}`);
  const [batch, ...own] = withRank(dims, rank);
  if (batch !== 1)
    throw scope.fails(`a constant varies along the batch, which is free here. Received: ${received}`);
  if (!own.every((length, axis) => length === 1 || lengths[axis] === 1 || length === lengths[axis]))
    throw scope.fails(`a constant does not fit. Received: ${received}`);
}

/** The one axis that a constant varies along, if the tensor has it last, or where it has no order of its own the usual one. */
function channelAxis(value: Value, { dims }: Constant): number | undefined {
  const lengths = lengthsOf(value);
  const rank = lengths.length + 1;
  if (dims.length > rank) return undefined;
  const full = withRank(dims, rank);
  const varying = full.flatMap((length, axis) => (length === 1 ? [] : [axis]));
  const [axis] = varying;
  if (varying.length !== 1 || axis === 0 || full[axis] !== lengths[axis - 1]) return undefined;
  const order = orderOf(value.view) ?? usualOrder(rank);
  return order.at(-1) === axis ? axis : undefined;
}

function rescaled(scope: NodeScope, value: Value, scale: number, offset: number, suffix = ''): Value {
  const layer = tf.layers.rescaling({ name: scope.unique(undefined, suffix), scale, offset });
  return scope.eachElement(value, layer, value.isNeverNegative && scale >= 0 && offset >= 0);
}

/** A depthwise convolution of 1x1 with a bias, of an axis that can be last. */
function scaledAndShifted(
  scope: NodeScope,
  value: Value,
  axis: number,
  scale: Float32Array,
  shift: Float32Array,
): Value {
  const lying = scope.withLast(value, axis);
  const channels = shift.length;
  const shape = lying.x.shape.slice(1) as number[];
  const asImage = (x: tf.SymbolicTensor, targetShape: number[], suffix: string) =>
    shape.length === 3
      ? x
      : scope.apply(tf.layers.reshape({ name: scope.unique(undefined, suffix), targetShape }), x);
  const positions = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  const image = asImage(lying.x, [1, positions, channels], '.expand');
  const name = scope.unique(scope.node.op === 'ScaleShift' ? 1 : undefined);
  const layer = groupedConv2D({ name, filters: channels, kernelSize: 1, groups: channels });
  const x = scope.apply(layer, image, {
    kernel: { shape: [1, 1, 1, channels], data: scale },
    bias: { shape: [channels], data: shift },
  });
  return { ...lying, x: asImage(x, shape, '.collapse'), isNeverNegative: false };
}

import * as tf from '@tensorflow/tfjs';
import { groupedConv2D } from '../layers/grouped-conv2d';
import { HardSwish } from '../layers/hard-swish';
import { layerScale } from '../layers/layer-scale';
import { shortest } from './onnx-convolutions';
import type { Value } from './onnx-layers';
import { lengthsOf, valueOf, type NodeScope, type Operator, type Operators } from './onnx-scope';
import { floats, type Constant } from './onnx-tensors';
import { liesLike, orderOf, usualOrder } from './onnx-view';

type Activation = NonNullable<Parameters<typeof tf.layers.activation>[0]>['activation'];

export const ELEMENTWISE_OPERATORS: Operators = {
  Relu: (scope) => scope.eachElement(scope.value(0), tf.layers.reLU({ name: scope.unique() }), true),
  Clip: (scope) => {
    const [lowest, highest] = [1, 2].map((index) => scope.optionalConstant(index)?.data[0]);
    if (lowest !== 0 || (highest !== undefined && !(highest > 0))) {
      throw scope.fails(`only clipping from 0 on is supported. Received: from ${lowest} to ${highest}`);
    }
    const maxValue = highest === Infinity || (highest ?? 0) > 3e38 ? undefined : highest;
    return scope.eachElement(scope.value(0), tf.layers.reLU({ name: scope.unique(), maxValue }), true);
  },
  Sigmoid: activation('sigmoid', true),
  Tanh: activation('tanh', false),
  Softplus: activation('softplus', true),
  Swish: (scope) => {
    if (scope.attributes.number('alpha', 1) !== 1) throw scope.fails('only an alpha of 1 is supported');
    return activation('swish', false)(scope);
  },
  Gelu: (scope) => {
    if (scope.attributes.text('approximate', 'none') !== 'none')
      throw scope.fails('only the exact one is supported');
    return activation('gelu', false)(scope);
  },
  HardSwish: (scope) => scope.eachElement(scope.value(0), new HardSwish({ name: scope.unique() })),
  HardSigmoid: hardSigmoid,
  LeakyRelu: (scope) => {
    const alpha = shortest(scope.attributes.number('alpha', 0.01));
    return scope.eachElement(scope.value(0), tf.layers.leakyReLU({ name: scope.unique(), alpha }));
  },
  Elu: (scope) => {
    const alpha = shortest(scope.attributes.number('alpha', 1));
    return scope.eachElement(scope.value(0), tf.layers.elu({ name: scope.unique(), alpha }));
  },
  Softmax: (scope) => {
    const value = scope.value(0);
    const rank = value.view.file.length;
    const axis = scope.axis(scope.attributes.number('axis', -1), rank);
    const order = orderOf(value.view) ?? usualOrder(rank);
    const layer = tf.layers.softmax({ name: scope.unique(), axis: order.indexOf(axis) });
    return scope.eachElement(scope.arrange(value, order), layer, true);
  },
  Dropout: (scope) => {
    const value = scope.value(0);
    const rate = scope.optionalConstant(1)?.data[0] ?? 0.5;
    return scope.eachElement(value, tf.layers.dropout({ name: scope.unique(), rate }), value.isNeverNegative);
  },
  Identity: (scope) => scope.value(0),
  // Numbers with fewer bits are read as float32, so there is nothing to convert.
  Cast: (scope) => scope.value(0),
  CastLike: (scope) => scope.value(0),

  Add: (scope) => merged(scope, 'add', (x, constant) => shifted(scope, x, constant)),
  Sum: (scope) => merged(scope, 'add', (x, constant) => shifted(scope, x, constant)),
  Mul: (scope) => merged(scope, 'multiply', (x, constant) => scaled(scope, x, constant)),
  Sub: (scope) => {
    const constant = mapped(scope.constant(1), (value) => -value);
    return shifted(scope, scope.value(0), constant);
  },
  Div: (scope) => {
    const constant = mapped(scope.constant(1), (value) => 1 / value);
    return scaled(scope, scope.value(0), constant);
  },
  /** A scale and a shift of each channel, see onnx-patterns.ts. */
  ScaleShift: (scope) => scaledAndShifted(scope, scope.value(0), scope.constant(1), scope.constant(2)),
};

function activation(which: Activation, isNeverNegative: boolean): Operator {
  return (scope) =>
    scope.eachElement(
      scope.value(0),
      tf.layers.activation({ name: scope.unique(), activation: which }),
      isNeverNegative,
    );
}

/** `clip(alpha · x + beta, 0, 1)`. */
function hardSigmoid(scope: NodeScope): Value {
  const [alpha, beta] = [scope.attributes.number('alpha', 0.2), scope.attributes.number('beta', 0.5)];
  const x = scope.value(0);
  if (shortest(alpha) === 0.2 && beta === 0.5) return activation('hardSigmoid', true)(scope) as Value;
  // Six times as large, so that the layer in the middle is one that every format has.
  const name = (suffix: string) => scope.unique(undefined, suffix);
  const rescale = (value: Value, suffix: string, scale: number, offset: number) =>
    scope.eachElement(value, tf.layers.rescaling({ name: name(suffix), scale, offset }), true);
  const sixfold = rescale(x, '.sixfold', 6 * alpha, 6 * beta);
  const clipped = scope.eachElement(sixfold, tf.layers.reLU({ name: name(''), maxValue: 6 }), true);
  return rescale(clipped, '.sixth', 1 / 6, 0);
}

function merged(
  scope: NodeScope,
  kind: 'add' | 'multiply',
  withConstant: (x: Value, constant: Constant) => Value,
): Value {
  const indices = Array.from({ length: scope.inputCount }, (_, index) => index);
  const constants = indices.filter((index) => scope.isConstant(index));
  const values = indices.filter((index) => !scope.isConstant(index)).map((index) => scope.value(index));
  if (constants.length === 1 && values.length === 1)
    return withConstant(values[0], scope.constant(constants[0]));
  if (constants.length > 0 || values.length < 2)
    throw scope.fails('this mix of constants and values is not supported');
  const rank = values[0].view.file.length;
  if (values.some(({ view }) => view.file.length !== rank)) {
    throw scope.fails(
      `values of ${values.map(({ view }) => view.file.length).join(' and ')} axes are not merged here`,
    );
  }
  const layer = tf.layers[kind]({ name: scope.unique() });
  const isNeverNegative = values.every((value) => value.isNeverNegative);
  const [first, ...others] = values;
  if (others.every(({ view }) => liesLike(view, first.view))) {
    return {
      ...first,
      x: scope.apply(
        layer,
        values.map(({ x }) => x),
      ),
      isNeverNegative,
    };
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
  return valueOf(scope.apply(layer, tensors), order, isNeverNegative);
}

function scaled(scope: NodeScope, value: Value, constant: Constant): Value {
  if (constant.data.length === 1) {
    const [scale] = constant.data;
    const layer = tf.layers.rescaling({ name: scope.unique(), scale });
    return scope.eachElement(value, layer, value.isNeverNegative && scale >= 0);
  }
  const { lying, data } = byChannel(scope, value, constant);
  const name = scope.unique(scope.isConstant(0) ? 0 : 1);
  const x = scope.apply(layerScale({ name }), lying.x, { layer_scale: { shape: [data.length], data } });
  return { ...lying, x, isNeverNegative: false };
}

function shifted(scope: NodeScope, value: Value, constant: Constant): Value {
  if (constant.data.length === 1) {
    const layer = tf.layers.rescaling({ name: scope.unique(), scale: 1, offset: constant.data[0] });
    return scope.eachElement(value, layer);
  }
  return scaledAndShifted(
    scope,
    value,
    mapped(constant, () => 1),
    constant,
  );
}

/** A depthwise convolution of 1x1 with a bias. */
function scaledAndShifted(scope: NodeScope, value: Value, scale: Constant, shift: Constant): Value {
  const { lying, data } = byChannel(scope, value, shift);
  const channels = data.length;
  const factors = byChannel(scope, value, scale).data;
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
    kernel: { shape: [1, 1, 1, channels], data: factors },
    bias: { shape: [channels], data },
  });
  return { ...lying, x: asImage(x, shape, '.collapse'), isNeverNegative: false };
}

/** The value with the one axis that a constant varies along as its last, and the constant's numbers along it. */
function byChannel(scope: NodeScope, value: Value, constant: Constant): { lying: Value; data: Float32Array } {
  const lengths = lengthsOf(value);
  const rank = lengths.length + 1;
  const dims = [...new Array<number>(Math.max(0, rank - constant.dims.length)).fill(1), ...constant.dims];
  const varying = dims.flatMap((length, axis) => (length === 1 ? [] : [axis]));
  const [axis] = varying;
  if (dims.length !== rank || varying.length !== 1 || axis === 0 || lengths[axis - 1] !== dims[axis]) {
    throw scope.fails(
      `only a constant for each channel is supported. Received: [${constant.dims.join(', ')}] for [batch, ${lengths.join(', ')}]`,
    );
  }
  const order = [orderOf(value.view), usualOrder(rank)].find((candidate) => candidate?.at(-1) === axis) ?? [
    ...Array.from({ length: rank }, (_, index) => index).filter((index) => index !== axis),
    axis,
  ];
  return { lying: scope.arrange(value, order), data: floats(constant) };
}

function mapped(constant: Constant, compute: (value: number) => number): Constant {
  return { ...constant, data: constant.data.map(compute) };
}

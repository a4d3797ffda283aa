import * as tf from '@tensorflow/tfjs';
import { elementFunction, type ElementFunctionArgs } from '../layers/element-function';
import { HardSwish } from '../layers/hard-swish';
import { shortest } from './onnx-convolutions';
import type { Value } from './onnx-layers';
import type { NodeScope, Operator, Operators } from './onnx-scope';
import { ELEMENT, isFloatType, typeName } from './onnx-tensors';

type Activation = NonNullable<Parameters<typeof tf.layers.activation>[0]>['activation'];

/** Functions of each element, or of each row along one axis. */
export const FUNCTION_OPERATORS: Operators = {
  Relu: (scope) => scope.eachElement(scope.value(0), tf.layers.reLU({ name: scope.unique() }), true),
  Clip: clip,
  Sigmoid: activation('sigmoid', true),
  Tanh: activation('tanh', false),
  Softplus: activation('softplus', true),
  Swish: (scope) => {
    const alpha = shortest(scope.attributes.number('alpha', 1));
    if (alpha === 1) return activation('swish', false)(scope);
    return computed(scope, { function: 'swish', alpha });
  },
  Gelu: (scope) => {
    const approximation = scope.attributes.text('approximate', 'none');
    if (approximation === 'none') return activation('gelu', false)(scope);
    if (approximation === 'tanh') return computed(scope, { function: 'tanhGelu' });
    throw scope.fails(`there is no approximation '${approximation}' of it`);
  },
  HardSwish: (scope) => scope.eachElement(scope.value(0), new HardSwish({ name: scope.unique() })),
  HardSigmoid: hardSigmoid,
  LeakyRelu: (scope) => {
    const alpha = shortest(scope.attributes.number('alpha', 0.01));
    return scope.eachElement(scope.value(0), tf.layers.leakyReLU({ name: scope.unique(), alpha }));
  },
  Elu: (scope) => {
    const alpha = shortest(scope.attributes.number('alpha', 1));
    if (alpha !== 1) return computed(scope, { function: 'elu', alpha });
    return scope.eachElement(scope.value(0), tf.layers.elu({ name: scope.unique() }));
  },
  Celu: (scope) => {
    const alpha = shortest(scope.attributes.number('alpha', 1));
    if (alpha === 0) throw scope.fails('its alpha is 0');
    return computed(scope, { function: 'celu', alpha });
  },
  Selu: (scope) => {
    const alpha = shortest(scope.attributes.number('alpha', 1.67326319217681884765625));
    const gamma = shortest(scope.attributes.number('gamma', 1.05070102214813232421875));
    return computed(scope, { function: 'selu', alpha, gamma });
  },
  ThresholdedRelu: (scope) => {
    const alpha = shortest(scope.attributes.number('alpha', 1));
    return computed(scope, { function: 'thresholdedRelu', alpha });
  },
  Softsign: functionOf('softsign'),
  Mish: functionOf('mish'),
  Abs: functionOf('abs', true),
  Neg: functionOf('negative'),
  Sign: functionOf('sign'),
  Ceil: functionOf('ceil'),
  Floor: functionOf('floor'),
  Round: functionOf('round'),
  Sqrt: functionOf('sqrt', true),
  Exp: functionOf('exp', true),
  Log: functionOf('log'),
  Reciprocal: functionOf('reciprocal'),
  Erf: functionOf('erf'),
  Sin: functionOf('sin'),
  Cos: functionOf('cos'),
  Softmax: (scope) => alongLast(scope, () => tf.layers.softmax({ name: scope.unique(), axis: -1 }), true),
  LogSoftmax: (scope) =>
    alongLast(
      scope,
      () => tf.layers.activation({ name: scope.unique(), activation: 'logSoftmax' as Activation }),
      false,
    ),
  Dropout: (scope) => {
    // The seed is that of the runtime's own numbers.
    scope.attributes.passOver('seed');
    const value = scope.value(0);
    const rate = scope.optionalConstant(1)?.data[0] ?? 0.5;
    const trains = scope.optionalConstant(2)?.data[0] ?? 0;
    if (trains !== 0 && rate !== 0)
      throw scope.fails(
        'its training_mode is true: it drops at random also in inference. Export the model in evaluation mode',
      );
    return scope.eachElement(value, tf.layers.dropout({ name: scope.unique(), rate }), value.isNeverNegative);
  },
  Identity: (scope) => scope.value(0),
  Cast: (scope) => cast(scope, scope.attributes.number('to', 0)),
  CastLike: (scope) => cast(scope, scope.elementType(1)),
};

function activation(which: Activation, isNeverNegative: boolean): Operator {
  return (scope) =>
    scope.eachElement(
      scope.value(0),
      tf.layers.activation({ name: scope.unique(), activation: which }),
      isNeverNegative,
    );
}

function functionOf(which: ElementFunctionArgs['function'], isNeverNegative = false): Operator {
  return (scope) => computed(scope, { function: which }, isNeverNegative);
}

function computed(scope: NodeScope, options: ElementFunctionArgs, isNeverNegative = false): Value {
  return scope.eachElement(
    scope.value(0),
    elementFunction({ ...options, name: scope.unique() }),
    isNeverNegative,
  );
}

function clip(scope: NodeScope): Value {
  const [lowest, highest] = [1, 2].map((index) => {
    const bound = scope.optionalConstant(index);
    if (bound !== undefined && bound.data.length !== 1)
      throw scope.fails(
        `its input ${index} has the shape [${bound.dims.join(', ')}], where a single number is expected`,
      );
    return bound === undefined || Math.abs(bound.data[0]) > 3e38 ? undefined : bound.data[0];
  });
  const value = scope.value(0);
  if (lowest === 0 && (highest === undefined || highest > 0)) {
    return scope.eachElement(value, tf.layers.reLU({ name: scope.unique(), maxValue: highest }), true);
  }
  if (lowest === undefined && highest === undefined) return value;
  const options = { function: 'clip', minimum: lowest, maximum: highest } as const;
  const isNeverNegative =
    ((lowest ?? -1) >= 0 || value.isNeverNegative) && (highest === undefined || highest >= 0);
  return computed(scope, options, isNeverNegative);
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

/** Along the axis that the node names, which comes to lie last. */
function alongLast(scope: NodeScope, layer: () => tf.layers.Layer, isNeverNegative: boolean): Value {
  const value = scope.value(0);
  const rank = value.view.file.length;
  const axis = scope.axis(scope.attributes.number('axis', -1), rank);
  return scope.eachElement(scope.withLast(value, axis), layer(), isNeverNegative);
}

/** Elements of another type. Those of fewer bits are read as float32, so that between two of fractions there is nothing to do. */
function cast(scope: NodeScope, to: number): Value {
  // They speak of numbers of 8 bits alone, whose types are not read here.
  scope.attributes.passOver('saturate', 'round_mode');
  const from = scope.elementType(0);
  if (typeName(to) === undefined) throw scope.fails(`elements of type ${to} are not read here`);
  scope.putsOut(to);
  const value = scope.value(0);
  if (to === ELEMENT.bool) {
    return from === ELEMENT.bool ? value : computed(scope, { function: 'isNonzero' }, true);
  }
  if (isFloatType(to) || from === ELEMENT.bool) return value;
  if (isFloatType(from)) return computed(scope, { function: 'truncate' }, value.isNeverNegative);
  if (BITS[to] < BITS[from] && BITS[to] < 24)
    throw scope.fails(
      `whole numbers do not wrap around here, as from ${typeName(from)} to ${typeName(to)} they may`,
    );
  return value;
}

const BITS: Readonly<Record<number, number>> = { 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 12: 32, 13: 64 };

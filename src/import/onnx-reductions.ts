import * as tf from '@tensorflow/tfjs';
import { elementFunction } from '../layers/element-function';
import type { Value } from './onnx-layers';
import { lengthsOf, valueOf, type NodeScope, type Operators } from './onnx-scope';
import { isFloatType } from './onnx-tensors';
import { transposed, usualOrder, viewOf } from './onnx-view';

type Reduction = 'mean' | 'max' | 'sum';

/** Operators that make one number of many along some axes. */
export const REDUCTION_OPERATORS: Operators = {
  GlobalAveragePool: (scope) => overSpace(scope, 'mean'),
  GlobalMaxPool: (scope) => overSpace(scope, 'max'),
  ReduceMean: (scope) => reduced(scope, 'mean', scope.value(0)),
  ReduceMax: (scope) => reduced(scope, 'max', scope.value(0)),
  ReduceSum: (scope) => reduced(scope, 'sum', scope.value(0)),
  ReduceMin: (scope) => {
    const negative = (value: Value, suffix: string) =>
      scope.eachElement(
        value,
        elementFunction({ name: scope.unique(undefined, suffix), function: 'negative' }),
      );
    return negative(reduced(scope, 'max', negative(scope.value(0), '.negative')), '.positive');
  },
};

function reduced(scope: NodeScope, kind: Reduction, value: Value): Value {
  const rank = value.view.file.length;
  const keepsAxes = scope.attributes.number('keepdims', 1) !== 0;
  const keepsAll = scope.attributes.number('noop_with_empty_axes', 0) !== 0;
  const given = scope.integers(1, 'axes') ?? [];
  if (given.length === 0 && keepsAll) return value;
  if (given.length === 0) throw scope.fails('it reduces all axes, the batch among them');
  if (kind === 'mean' && !isFloatType(scope.elementType(0)))
    throw scope.fails('whole numbers are not averaged here');
  return over(scope, kind, value, [...new Set(given.map((axis) => scope.axis(axis, rank)))], keepsAxes);
}

/** Over all axes after the channels, which stay with a length of 1. */
function overSpace(scope: NodeScope, kind: Reduction): Value {
  const value = scope.value(0);
  const axes = value.view.file.map((_, axis) => axis).slice(2);
  if (axes.length === 0)
    throw scope.fails(`there is nothing after the channels of ${value.view.file.length} axes`);
  return over(scope, kind, value, axes, true);
}

function over(
  scope: NodeScope,
  kind: Reduction,
  value: Value,
  given: readonly number[],
  keepsAxes: boolean,
): Value {
  const axes = [...given].sort((a, b) => a - b);
  if (value.view.file.length === 4 && axes.join() === '2,3') return overPixels(scope, kind, value, keepsAxes);
  // The axes that go as one, and those that stay as another.
  const lengths = lengthsOf(value);
  const kept = lengths.map((_, index) => index + 1).filter((axis) => !axes.includes(axis));
  const count = (of: readonly number[]) => of.reduce((product, axis) => product * lengths[axis - 1], 1);
  const ordered = { ...value, view: transposed(value.view, [0, ...axes, ...kept]) };
  const { x } = scope.arrange(scope.regroup(ordered, [count(axes), count(kept)]), [0, 1, 2]);
  const layer = kind === 'max' ? tf.layers.globalMaxPooling1d : tf.layers.globalAveragePooling1d;
  const made = valueOf(scope.apply(layer({ name: scope.unique() }), x), [0, 1], value.isNeverNegative);
  const target = keepsAxes
    ? lengths.map((length, index) => (axes.includes(index + 1) ? 1 : length))
    : kept.map((axis) => lengths[axis - 1]);
  return scope.regroup(kind === 'sum' ? times(scope, made, count(axes)) : made, target);
}

function times(scope: NodeScope, value: Value, scale: number): Value {
  const layer = tf.layers.rescaling({ name: scope.unique(undefined, '.sum'), scale, offset: 0 });
  return scope.eachElement(value, layer, value.isNeverNegative);
}

/** `[batch, channels]`: height and width, of length 1 to the file where it keeps them, are no axes of the tensor's. */
function overPixels(scope: NodeScope, kind: Reduction, value: Value, keepsAxes: boolean): Value {
  const image = scope.arrange(value, usualOrder(4)).x;
  const layer = kind === 'max' ? tf.layers.globalMaxPooling2d : tf.layers.globalAveragePooling2d;
  const x = scope.apply(layer({ name: scope.unique() }), image);
  const channels = x.shape[1] as number;
  const { file } = keepsAxes ? viewOf([channels, 1, 1], [0, 1]) : viewOf([channels], [0, 1]);
  const made: Value = {
    x,
    view: { file, stored: [file[0], file[1]] },
    isNeverNegative: value.isNeverNegative,
  };
  const pixels = (image.shape[1] as number) * (image.shape[2] as number);
  return kind === 'sum' ? times(scope, made, pixels) : made;
}

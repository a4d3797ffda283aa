import * as tf from '@tensorflow/tfjs';
import { constantOperand } from '../layers/constant-operand';
import { takePositions } from '../layers/take-positions';
import { padsOf, twoOf } from './onnx-convolutions';
import { padPositions } from './onnx-fold-places';
import { imageValue, type NodeScope, type Operators } from './onnx-scope';

/** A window along height or width. */
interface Reach {
  readonly length: number;
  readonly size: number;
  readonly stride: number;
  /** What is added before the first pixel. */
  readonly begin: number;
  /** What is added after the last by the file's own words. */
  readonly end: number;
  /** Windows. */
  readonly count: number;
  /** How far the last window reaches beyond the last pixel. */
  readonly beyond: number;
}

export const POOLING_OPERATORS: Operators = {
  MaxPool: (scope) => {
    // It is the order in which indices count, which no other node may read.
    scope.attributes.passOver('storage_order');
    const { x, reaches } = windows(scope);
    const { isNeverNegative } = scope.value(0);
    const how = padding(reaches);
    const max = (image: tf.SymbolicTensor, poolSize: Pair, strides: Pair, padding: 'same' | 'valid') =>
      scope.apply(tf.layers.maxPooling2d({ name: scope.unique(), poolSize, strides, padding }), image);
    const [size, strides] = geometry(reaches);
    if (how === 'same' || how === 'valid') return imageValue(max(x, size, strides, how), isNeverNegative);
    // To a maximum of what is never negative, zeros are nothing.
    if (isNeverNegative) return imageValue(max(padded(scope, x, reaches), size, strides, 'valid'), true);
    if (how === 'centred') return imageValue(every(scope, max(x, size, [1, 1], 'same'), strides));
    return imageValue(max(padded(scope, x, reaches, LOWEST), size, strides, 'valid'));
  },

  AveragePool: (scope) => {
    const countsPads = scope.attributes.number('count_include_pad', 0) !== 0;
    const { x, reaches } = windows(scope);
    const { isNeverNegative } = scope.value(0);
    const how = padding(reaches);
    const average = (image: tf.SymbolicTensor, poolSize: Pair, strides: Pair, padding: 'same' | 'valid') =>
      scope.apply(tf.layers.averagePooling2d({ name: scope.unique(), poolSize, strides, padding }), image);
    const [size, strides] = geometry(reaches);
    if (how === 'valid') return imageValue(average(x, size, strides, how), isNeverNegative);
    if (!countsPads && how === 'same') return imageValue(average(x, size, strides, how), isNeverNegative);
    if (!countsPads && how === 'centred')
      return imageValue(every(scope, average(x, size, [1, 1], 'same'), strides), isNeverNegative);
    const made = average(padded(scope, x, reaches), size, strides, 'valid');
    if (countsPads && reaches.every(({ beyond, end }) => beyond <= end))
      return imageValue(made, isNeverNegative);
    return imageValue(asCounted(scope, made, reaches, countsPads), isNeverNegative);
  },
};

type Pair = [number, number];

/** What is below every float32 but itself. */
const LOWEST = -3.4028234663852886e38;

/** An average that counted the zeros around the image, made one that counts none of them, or the file's own only. */
function asCounted(
  scope: NodeScope,
  x: tf.SymbolicTensor,
  reaches: readonly [Reach, Reach],
  countsPads: boolean,
): tf.SymbolicTensor {
  const [rows, columns] = reaches.map(({ length, size, stride, begin, end, count }) => {
    const [first, last] = countsPads ? [-begin, length + end] : [0, length];
    return Array.from({ length: count }, (_, window) => {
      const from = window * stride - begin;
      return size / (Math.min(last, from + size) - Math.max(first, from));
    });
  });
  const shape = [rows.length, columns.length, 1];
  const data = Float32Array.from(rows.flatMap((row) => columns.map((column) => row * column)));
  const name = scope.unique(undefined, '.counted');
  const layer = constantOperand({ name, operation: 'multiply', shape, trainable: false });
  return scope.apply(layer, x, { constant: { shape, data } });
}

function windows(scope: NodeScope): { x: tf.SymbolicTensor; reaches: readonly [Reach, Reach] } {
  const x = scope.image(0);
  const lengths: Pair = [x.shape[1] as number, x.shape[2] as number];
  const size = twoOf(scope, 'kernel_shape', 0);
  const strides = twoOf(scope, 'strides', 1);
  if (twoOf(scope, 'dilations', 1).some((rate) => rate !== 1))
    throw scope.fails('dilated windows are not supported');
  const roundsUp = scope.attributes.number('ceil_mode', 0) !== 0;
  const pads = padsOf(scope, lengths, size, strides, [1, 1]);
  const reach = (axis: 0 | 1): Reach => {
    const [length, begin, end] = [lengths[axis], pads[axis], pads[axis + 2]];
    const steps = (length + begin + end - size[axis]) / strides[axis];
    if (steps < 0)
      throw scope.fails(`a window of ${size.join(' x ')} does not fit ${lengths.join(' x ')} pixels`);
    let count = (roundsUp ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // No window may begin after the last pixel.
    if ((count - 1) * strides[axis] >= length + begin) count--;
    const beyond = Math.max(0, (count - 1) * strides[axis] + size[axis] - length - begin);
    return { length, size: size[axis], stride: strides[axis], begin, end, count, beyond };
  };
  return { x, reaches: [reach(0), reach(1)] };
}

/** How the windows lie: as TensorFlow's words have it, or with their middles on every stride-th pixel from the first on. */
function padding(reaches: readonly Reach[]): 'valid' | 'same' | 'centred' | undefined {
  if (reaches.every(({ begin, beyond }) => begin + beyond === 0)) return 'valid';
  if (!reaches.every(({ length, stride, count }) => count === Math.ceil(length / stride))) return undefined;
  const isSame = ({ length, size, stride, begin, count }: Reach) =>
    begin === Math.floor(Math.max(0, (count - 1) * stride + size - length) / 2);
  if (reaches.every(isSame)) return 'same';
  return reaches.every(({ size, begin }) => size === 2 * begin + 1) ? 'centred' : undefined;
}

function geometry([rows, columns]: readonly [Reach, Reach]): [size: Pair, strides: Pair] {
  return [
    [rows.size, columns.size],
    [rows.stride, columns.stride],
  ];
}

function padded(
  scope: NodeScope,
  x: tf.SymbolicTensor,
  [rows, columns]: readonly [Reach, Reach],
  fill = 0,
): tf.SymbolicTensor {
  const zeros: [Pair, Pair] = [
    [rows.begin, rows.beyond],
    [columns.begin, columns.beyond],
  ];
  if (fill === 0)
    return scope.apply(tf.layers.zeroPadding2d({ name: scope.unique(undefined, '.pad'), padding: zeros }), x);
  return [rows, columns].reduce((image, { length, begin, beyond }, index) => {
    if (begin + beyond === 0) return image;
    const positions = padPositions(length, begin, beyond, 'constant');
    const name = scope.unique(undefined, '.pad');
    return scope.apply(takePositions({ name, axis: index + 1, positions, fill }), image);
  }, x);
}

/** Every so many pixels from the first on: the maximum of each alone. */
function every(scope: NodeScope, x: tf.SymbolicTensor, strides: Pair): tf.SymbolicTensor {
  if (strides.join() === '1,1') return x;
  const name = scope.unique(undefined, '.stride');
  return scope.apply(tf.layers.maxPooling2d({ name, poolSize: [1, 1], strides, padding: 'valid' }), x);
}

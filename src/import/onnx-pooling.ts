import * as tf from '@tensorflow/tfjs';
import { padsOf, twoOf } from './onnx-convolutions';
import { imageValue, type NodeScope, type Operators } from './onnx-scope';
import type { Value } from './onnx-layers';
import { viewOf } from './onnx-view';

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
    if (scope.isRead(1)) throw scope.fails('its indices are read by other nodes');
    const { x, reaches } = windows(scope);
    const { isNeverNegative } = scope.value(0);
    const how = padding(reaches);
    const max = (
      image: tf.SymbolicTensor,
      poolSize: Pair,
      strides: Pair,
      padding: 'same' | 'valid',
      suffix = '',
    ) =>
      scope.apply(
        tf.layers.maxPooling2d({ name: scope.unique(undefined, suffix), poolSize, strides, padding }),
        image,
      );
    const [size, strides] = geometry(reaches);
    if (how === 'same' || how === 'valid') return imageValue(max(x, size, strides, how), isNeverNegative);
    // To a maximum of what is never negative, zeros are nothing.
    if (isNeverNegative) return imageValue(max(padded(scope, x, reaches), size, strides, 'valid'), true);
    if (how === 'centred') return imageValue(every(scope, max(x, size, [1, 1], 'same'), strides));
    throw scope.fails(`padding of ${described(reaches)} around what may be negative is not supported`);
  },

  AveragePool: (scope) => {
    const { x, reaches } = windows(scope);
    const { isNeverNegative } = scope.value(0);
    const how = padding(reaches);
    const average = (image: tf.SymbolicTensor, poolSize: Pair, strides: Pair, padding: 'same' | 'valid') =>
      scope.apply(tf.layers.averagePooling2d({ name: scope.unique(), poolSize, strides, padding }), image);
    const [size, strides] = geometry(reaches);
    if (how === 'valid') return imageValue(average(x, size, strides, how), isNeverNegative);
    if (scope.attributes.number('count_include_pad', 0) !== 0) {
      if (reaches.every(({ beyond, end }) => beyond <= end)) {
        return imageValue(average(padded(scope, x, reaches), size, strides, 'valid'), isNeverNegative);
      }
    } else {
      if (how === 'same') return imageValue(average(x, size, strides, how), isNeverNegative);
      if (how === 'centred')
        return imageValue(every(scope, average(x, size, [1, 1], 'same'), strides), isNeverNegative);
    }
    throw scope.fails(`padding of ${described(reaches)} around what is averaged is not supported`);
  },

  GlobalAveragePool: (scope) => globalAverage(scope, scope.image(0), true),

  ReduceMean: (scope) => {
    const rank = scope.value(0).view.file.length;
    const axes = scope
      .integers(1, 'axes')
      ?.map((axis) => scope.axis(axis, rank))
      .sort();
    if (rank !== 4 || axes?.join() !== '2,3') {
      throw scope.fails(
        `only averages over height and width are supported. Received: axes ${axes?.join(', ') ?? 'all'} of ${rank}`,
      );
    }
    return globalAverage(scope, scope.image(0), scope.attributes.number('keepdims', 1) !== 0);
  },
};

type Pair = [number, number];

/** `[batch, channels]`: height and width, of length 1 to the file where it keeps them, are no axes of the tensor's. */
function globalAverage(scope: NodeScope, image: tf.SymbolicTensor, keepsAxes: boolean): Value {
  const x = scope.apply(tf.layers.globalAveragePooling2d({ name: scope.unique() }), image);
  const channels = x.shape[1] as number;
  const { file } = keepsAxes ? viewOf([channels, 1, 1], [0, 1]) : viewOf([channels], [0, 1]);
  return { x, view: { file, stored: [file[0], file[1]] }, isNeverNegative: scope.value(0).isNeverNegative };
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
): tf.SymbolicTensor {
  const zeros: [Pair, Pair] = [
    [rows.begin, rows.beyond],
    [columns.begin, columns.beyond],
  ];
  return scope.apply(tf.layers.zeroPadding2d({ name: scope.unique(undefined, '.pad'), padding: zeros }), x);
}

/** Every so many pixels from the first on: the maximum of each alone. */
function every(scope: NodeScope, x: tf.SymbolicTensor, strides: Pair): tf.SymbolicTensor {
  if (strides.join() === '1,1') return x;
  const name = scope.unique(undefined, '.stride');
  return scope.apply(tf.layers.maxPooling2d({ name, poolSize: [1, 1], strides, padding: 'valid' }), x);
}

function described([rows, columns]: readonly [Reach, Reach]): string {
  return `[${[rows.begin, columns.begin, rows.beyond, columns.beyond].join(', ')}]`;
}

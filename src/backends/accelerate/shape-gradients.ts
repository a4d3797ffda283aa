import * as tf from '@tensorflow/tfjs';
import { elementType, runTensorflow } from '../../ops/libtensorflow';
import { mayCallNative } from '../../ops/native-gradient';
import { isEmpty } from '../empty-tensors';
import type { GradientOverride } from './gradient-override';

// Gradients that need no values of the forward pass, only shapes. The stock ones keep the whole input for its shape, and
// spread a sum's gradient by multiplying with a tensor of ones that JavaScript fills.

export const SHAPE_GRADIENTS: readonly GradientOverride[] = [
  {
    kernelName: 'Add',
    gradient: (dy, _, { shapes: { a, b } }) => ({
      a: () => reduceTo(dy, a),
      b: () => reduceTo(dy, b),
    }),
  },
  {
    kernelName: 'Sub',
    gradient: (dy, _, { shapes: { a, b } }) => ({
      a: () => reduceTo(dy, a),
      b: () => tf.neg(reduceTo(dy, b)),
    }),
  },
  {
    kernelName: 'AddN',
    gradient: (dy, _, { shapes }) =>
      Object.fromEntries(Object.keys(shapes).map((name) => [name, () => tf.clone(dy)])),
  },
  {
    kernelName: 'Reshape',
    gradient: (dy, _, { shapes: { x } }) => ({ x: () => tf.reshape(dy, x) }),
  },
  {
    kernelName: 'ExpandDims',
    gradient: (dy, _, { shapes: { input } }) => ({ input: () => tf.reshape(dy, input) }),
  },
  {
    kernelName: 'Sum',
    gradient: (dy, _, { shapes: { x }, attrs }) => ({ x: () => spread(dy, x, attrs.axis as Axis) }),
  },
  {
    kernelName: 'Mean',
    gradient: (dy, _, { shapes: { x }, attrs }) => ({
      x: () => {
        const share = dy.size / tf.util.sizeFromShape(x);
        return spread(tf.mul(dy, share), x, attrs.axis as Axis);
      },
    }),
  },
  {
    kernelName: 'Concat',
    gradient: (dy, _, { shapes, attrs }) => {
      const inputs = Object.keys(shapes);
      const [axis] = tf.util.parseAxisParam(attrs.axis as number, dy.shape);
      const parts = tf.split(
        dy,
        inputs.map((input) => shapes[input][axis]),
        axis,
      );
      return Object.fromEntries(inputs.map((input, i) => [input, () => parts[i]]));
    },
  },
  {
    kernelName: 'PadV2',
    gradient: (dy, _, { shapes: { x }, attrs }) => ({
      x: () =>
        tf.slice(
          dy,
          (attrs.paddings as [number, number][]).map(([before]) => before),
          x,
        ),
    }),
  },
];

type Axis = number | number[];

/** The gradient of broadcasting a tensor of `shape` to that of `dy`: sums over what was repeated. */
function reduceTo(dy: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = repeatedAxes(shape, dy.shape);
  if (axes.length === 0) return tf.reshape(dy, shape);
  const isBias = axes.length === dy.rank - 1 && axes.every((axis, i) => axis === i);
  if (isBias && dy.rank > 1 && dy.dtype === 'float32' && mayCallNative()) {
    return tf.reshape(runTensorflow('BiasAddGrad', [dy], { data_format: 'NHWC' })[0], shape);
  }
  return tf.reshape(tf.sum(dy, axes), shape);
}

/** As tfjs has them, but for an axis of one element that became one of none: it is summed over too. */
function repeatedAxes(shape: number[], broadcast: number[]): number[] {
  const added = broadcast.length - shape.length;
  return broadcast.flatMap((length, axis) =>
    axis < added || (shape[axis - added] === 1 && length !== 1) ? [axis] : [],
  );
}

/** The gradient of a sum over `axis` of a tensor of `shape`: `dy` for each summand. */
function spread(dy: tf.Tensor, shape: number[], axis: Axis): tf.Tensor {
  if (isEmpty(shape)) return tf.zeros(shape); // tf.broadcastTo knows no axis of no element
  const reduced = tf.util.parseAxisParam(axis, shape);
  const expanded = tf.reshape(
    dy,
    shape.map((size, i) => (reduced.includes(i) ? 1 : size)),
  );
  if (!mayCallNative() || expanded.dtype !== 'float32') return tf.broadcastTo(expanded, shape);
  return runTensorflow('BroadcastTo', [expanded, shape], { Tidx: elementType('int32') })[0];
}

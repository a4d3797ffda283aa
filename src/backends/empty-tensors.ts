import * as tf from '@tensorflow/tfjs';
import type { Mend } from './mend';

// An empty batch is what is left of a filter that nothing passed, or of a data set that the batch size divides. tfjs
// counts on the backends for it, and they do as they please: libtensorflow's convolutions give the input's shape, and
// wasm's kernels write nothing, which leaves in the result what was last in that memory, or divide by zero.

/** Whether there is no element in a tensor of this shape. */
export function isEmpty(shape: readonly number[]): boolean {
  return shape.includes(0);
}

/** A convolution of no images is no images of its own size, and its filter's gradient, a sum over images, is zeros. */
export const convolutionOfNothing: Mend = (kernelName, stock) => (call) => {
  const shapes = Object.values(call.inputs).flatMap((tensor) => (tensor == null ? [] : [tensor.shape]));
  return shapes.some(isEmpty) ? tf.zeros(convolutionShape(kernelName, call)) : stock(call);
};

type Call = Parameters<tf.KernelFunc>[0];
type Shape4D = [number, number, number, number];

function convolutionShape(kernelName: string, { inputs, attrs = {} }: Call): number[] {
  if (kernelName.endsWith('BackpropInput')) return attrs.inputShape as number[];
  if (kernelName.endsWith('BackpropFilter')) return attrs.filterShape as number[];
  const [x, filter] = [inputs.x as tf.TensorInfo, inputs.filter as tf.TensorInfo];
  return tf.backend_util.computeConv2DInfo(
    x.shape as Shape4D,
    filter.shape as Shape4D,
    attrs.strides as [number, number],
    (attrs.dilations ?? 1) as [number, number],
    attrs.pad as 'same',
    attrs.dimRoundingMode as 'floor',
    kernelName.includes('Depthwise'),
    attrs.dataFormat === 'NCHW' ? 'channelsFirst' : 'channelsLast',
  ).outShape;
}

/** What each reduction makes of no element, as libtensorflow has it. */
const OF_NOTHING: Readonly<Record<string, number>> = {
  Sum: 0,
  Prod: 1,
  Mean: NaN,
  Max: -Infinity,
  Min: Infinity,
  All: 1,
  Any: 0,
};

/** A reduction over an axis without elements. */
export const reductionOfNothing: Mend = (kernelName, stock) => (call) => {
  const x = call.inputs.x as tf.TensorInfo;
  if (!isEmpty(x.shape)) return stock(call);
  const { axis, reductionIndices, keepDims } = call.attrs as {
    axis?: number | number[];
    reductionIndices?: number | number[];
    keepDims?: boolean;
  };
  const axes = tf.util.parseAxisParam((axis ?? reductionIndices) as number | number[], x.shape);
  const [shape] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
  const kept = keepDims ? tf.backend_util.expandShapeToKeepDim(shape, axes) : shape;
  return tf.fill(kept, OF_NOTHING[kernelName], x.dtype as 'float32');
};

/** A matrix product over no element: zeros, to which bias and activation are applied. */
export const productOfNothing: Mend = (_, stock) => (call) => {
  const { a, b, bias, preluActivationWeights } = call.inputs as Record<string, tf.TensorInfo>;
  if (!isEmpty(a.shape) && !isEmpty(b.shape)) return stock(call);
  const { transposeA, transposeB, activation, leakyreluAlpha } = call.attrs as {
    transposeA: boolean;
    transposeB: boolean;
    activation?: Parameters<typeof tf.fused.matMul>[0]['activation'];
    leakyreluAlpha?: number;
  };
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const rows = a.shape[a.shape.length - (transposeA ? 1 : 2)];
  const columns = b.shape[b.shape.length - (transposeB ? 2 : 1)];
  return tf.tidy(() => {
    const product = tf.zeros([...batch, rows, columns]);
    const biased = bias == null ? product : tf.add(product, bias as tf.Tensor);
    return activated(biased, activation, preluActivationWeights as tf.Tensor, leakyreluAlpha);
  });
};

function activated(x: tf.Tensor, activation = 'linear', alphas: tf.Tensor, alpha?: number): tf.Tensor {
  switch (activation) {
    case 'relu':
      return tf.relu(x);
    case 'relu6':
      return tf.relu6(x);
    case 'elu':
      return tf.elu(x);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'prelu':
      return tf.prelu(x, alphas);
    case 'leakyrelu':
      return tf.leakyRelu(x, alpha);
    default:
      return x;
  }
}

/** Nothing, its axes in another order. */
export const transposeOfNothing: Mend = (_, stock) => (call) => {
  const x = call.inputs.x as tf.TensorInfo;
  if (!isEmpty(x.shape)) return stock(call);
  const perm = call.attrs?.perm as number[];
  return tf.zeros(
    perm.map((axis) => x.shape[axis]),
    x.dtype as 'float32',
  );
};

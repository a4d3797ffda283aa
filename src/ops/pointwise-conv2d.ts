import * as tf from '@tensorflow/tfjs';
import { filterShape, inputShape, outputShape, type ConvSpec } from './conv-spec';
import { runTensorflow } from './libtensorflow';

// A dense 1x1 convolution that skips nothing is a matrix product over positions: [positions, in] x [in, out]. So are its
// gradients. libtensorflow's matrix product was never slower than its convolution there, and up to 40 % faster where
// one side has few channels. With a stride it was slower, as TensorFlow's strided slices are.

/** Whether a convolution is one matrix product over the tensors as they lie in memory. */
export function isPointwise(spec: ConvSpec): boolean {
  const { top, bottom, left, right } = spec.padding;
  return (
    spec.groups === 1 &&
    spec.filterHeight * spec.filterWidth * spec.strides[0] * spec.strides[1] === 1 &&
    top + bottom + left + right === 0
  );
}

/** The forward pass of a convolution that {@link isPointwise}, by libtensorflow. */
export function pointwiseForward(x: tf.Tensor4D, filter: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  return matrixProduct(
    rows(x, spec.inChannels),
    rows(filter, spec.outChannels),
    [false, false],
    outputShape(spec),
  );
}

/** Its gradient with respect to the input. */
export function pointwiseBackpropInput(dy: tf.Tensor4D, filter: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  return matrixProduct(
    rows(dy, spec.outChannels),
    rows(filter, spec.outChannels),
    [false, true],
    inputShape(spec),
  );
}

/** Its gradient with respect to the filter. */
export function pointwiseBackpropFilter(x: tf.Tensor4D, dy: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  return matrixProduct(
    rows(x, spec.inChannels),
    rows(dy, spec.outChannels),
    [true, false],
    filterShape(spec),
  );
}

function rows(tensor: tf.Tensor4D, columns: number): tf.Tensor2D {
  return tf.reshape(tensor, [-1, columns]);
}

function matrixProduct(
  a: tf.Tensor2D,
  b: tf.Tensor2D,
  [transposeA, transposeB]: [boolean, boolean],
  shape: [number, number, number, number],
): tf.Tensor4D {
  return tf.tidy(() => {
    const attributes = { transpose_a: transposeA, transpose_b: transposeB };
    return tf.reshape(runTensorflow('MatMul', [a, b], attributes)[0], shape);
  });
}

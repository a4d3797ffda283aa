import * as tf from '@tensorflow/tfjs';
import { filterShape, inputShape, outputShape, type ConvSpec } from './conv-spec';
import { elementType, runTensorflow } from './libtensorflow';

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
  return product(rows(x), rows(filter), [false, false], outputShape(spec));
}

/** Its gradient with respect to the input. */
export function pointwiseBackpropInput(dy: tf.Tensor4D, filter: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  return product(rows(dy), rows(filter), [false, true], inputShape(spec));
}

/** Its gradient with respect to the filter. */
export function pointwiseBackpropFilter(x: tf.Tensor4D, dy: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  return product(rows(x), rows(dy), [true, false], filterShape(spec));
}

function rows(tensor: tf.Tensor4D): tf.Tensor {
  return reshape(tensor, [-1, tensor.shape[3]]);
}

/** As `tf.reshape`, which makes a tensor of the shape and looks at the tape: too much for six times a convolution. */
function reshape(tensor: tf.Tensor, shape: readonly number[]): tf.Tensor {
  return runTensorflow('Reshape', [tensor, shape], { Tshape: elementType('int32') })[0];
}

function product(
  a: tf.Tensor,
  b: tf.Tensor,
  [transposeA, transposeB]: [boolean, boolean],
  shape: readonly number[],
): tf.Tensor4D {
  const attributes = { transpose_a: transposeA, transpose_b: transposeB };
  const [matrix] = runTensorflow('MatMul', [a, b], attributes);
  const whole = reshape(matrix, shape);
  tf.dispose([a, b, matrix]);
  return whole as tf.Tensor4D;
}

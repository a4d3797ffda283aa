import * as tf from '@tensorflow/tfjs';
import { convSpec, filterShape, inputShape, type ConvSpec } from '../conv-spec';
import { requireTensorflow, runTensorflow, TENSORFLOW, type Attribute } from '../libtensorflow';
import type { Strategy } from './strategy';

// TensorFlow's documentation knows groups only in the forward `Conv2D`. Its oneDNN kernels, which take the place of the
// plain ones at run time, compute both gradients as well, dilated and strided too, but only where the padding is one of
// TensorFlow's two words: with explicit zeros the plain kernels run, and those refuse. So the forward pass takes
// explicit padding and the gradients leave it to be reduced.

/**
 * libtensorflow's own grouped kernels: `Conv2D`, `Conv2DBackpropInput` and `Conv2DBackpropFilter` with a filter of depth
 * `inChannels / groups`.
 */
export const native: Strategy<'native'> = {
  name: 'native',
  summary: "libtensorflow's own grouped kernel",
  handles: { explicitPadding: ['forward'], dilatedGradients: true },
  declines(spec, pass, backend) {
    if (backend !== TENSORFLOW)
      return `it needs the ${TENSORFLOW} backend (tfjs-node), and this is ${backend}`;
    if (pass !== 'forward' && (spec.groups > 1 || isDilated(spec)) && !nativeGradientsWork()) {
      return 'this TensorFlow has no grouped or dilated gradients (they need oneDNN: TF_ENABLE_ONEDNN_OPTS must not be 0)';
    }
    return undefined;
  },
  forward: forwardKernel,
  backpropInput: backpropInputKernel,
  backpropFilter: backpropFilterKernel,
};

let probed: boolean | undefined;

/**
 * Whether this TensorFlow computes the gradients of grouped convolution itself, found out once by computing a small one
 * and holding it against the numbers that it must give.
 *
 * The first call takes a few milliseconds.
 *
 * @throws CardinalError where the current backend is not `tensorflow`
 */
export function nativeGradientsWork(): boolean {
  requireTensorflow('nativeGradientsWork');
  probed ??= tf.tidy(probe);
  return probed;
}

function probe(): boolean {
  // Two groups of one channel, 1x1: group g multiplies by its weight, so the gradients are known without a convolution.
  const spec = convSpec([1, 2, 2, 2], [1, 1, 1, 2], { groups: 2 });
  const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2]);
  const dy = tf.tensor4d([1, -1, 2, -2, 3, -3, 4, -4], [1, 2, 2, 2]);
  try {
    const dx = backpropInputKernel(dy, tf.tensor4d([10, 100], [1, 1, 1, 2]), spec).dataSync();
    const dFilter = backpropFilterKernel(x, dy, spec).dataSync();
    const expectedDx = [10, -100, 20, -200, 30, -300, 40, -400];
    const expectedDFilter = [1 + 6 + 15 + 28, -(2 + 8 + 18 + 32)];
    return equal(dx, expectedDx) && equal(dFilter, expectedDFilter);
  } catch {
    return false; // TensorFlow's refusal is the answer that was asked for.
  }
}

function equal(values: ArrayLike<number>, expected: number[]): boolean {
  return expected.every((value, index) => Math.abs(values[index] - value) < 1e-3);
}

function isDilated(spec: ConvSpec): boolean {
  return spec.dilations[0] > 1 || spec.dilations[1] > 1;
}

function forwardKernel(x: tf.Tensor4D, filter: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  return runTensorflow('Conv2D', [x, filter], attributes(spec))[0] as tf.Tensor4D;
}

function backpropInputKernel(dy: tf.Tensor4D, filter: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  const sizes = tf.tensor1d(inputShape(spec), 'int32');
  return runTensorflow('Conv2DBackpropInput', [sizes, filter, dy], attributes(spec))[0] as tf.Tensor4D;
}

function backpropFilterKernel(x: tf.Tensor4D, dy: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  const sizes = tf.tensor1d(filterShape(spec), 'int32');
  return runTensorflow('Conv2DBackpropFilter', [x, sizes, dy], attributes(spec))[0] as tf.Tensor4D;
}

function attributes(spec: ConvSpec): Record<string, Attribute> {
  const { kind, top, bottom, left, right } = spec.padding;
  return {
    strides: [1, ...spec.strides, 1],
    dilations: [1, ...spec.dilations, 1],
    padding: kind.toUpperCase(),
    data_format: 'NHWC',
    ...(kind === 'explicit' ? { explicit_paddings: [0, 0, top, bottom, left, right, 0, 0] } : {}),
  };
}

import * as tf from '@tensorflow/tfjs';
import { convSpec, filterShape, inputShape, type ConvSpec } from '../conv-spec';
import { readColumns, readPixels } from '../libtensorflow-faults';
import { requireTensorflow, runTensorflow, TENSORFLOW, type Attribute } from '../libtensorflow';
import {
  isPointwise,
  pointwiseBackpropFilter,
  pointwiseBackpropInput,
  pointwiseForward,
} from '../pointwise-conv2d';
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
 * Whether this TensorFlow computes grouped convolution and both its gradients itself, found out once by computing a
 * small one and holding it against the numbers that it must give.
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
  // The filter covers all of x, so a group's output is one dot product, and no convolution is needed to know it.
  const spec = convSpec([1, 3, 3, 4], [3, 3, 2, 2], { groups: 2 });
  const [x, filter, dy] = [wholeNumbers(36, 5), wholeNumbers(36, 7), [2, -3]];
  const [y, dx, dFilter] = [[0, 0], new Array<number>(36), new Array<number>(36)];
  x.forEach((value, at) => {
    const [tap, group, depth] = [at >> 2, (at >> 1) % 2, at % 2];
    const atFilter = tap * 4 + depth * 2 + group;
    y[group] += value * filter[atFilter];
    dx[at] = dy[group] * filter[atFilter];
    dFilter[atFilter] = dy[group] * value;
  });
  const [tx, tFilter] = [tf.tensor4d(x, [1, 3, 3, 4]), tf.tensor4d(filter, [3, 3, 2, 2])];
  const tdy = tf.tensor4d(dy, [1, 1, 1, 2]);
  try {
    return (
      equal(forwardKernel(tx, tFilter, spec), y) &&
      equal(backpropInputKernel(tdy, tFilter, spec), dx) &&
      equal(backpropFilterKernel(tx, tdy, spec), dFilter)
    );
  } catch {
    return false; // TensorFlow's refusal is the answer that was asked for.
  }
}

// Without symmetry, so that groups mixed up or a filter transposed would show.
function wholeNumbers(count: number, factor: number): number[] {
  return Array.from({ length: count }, (_, i) => ((i * i * factor + i) % 23) - 11);
}

function equal(tensor: tf.Tensor, expected: number[]): boolean {
  const values = tensor.dataSync();
  return expected.every((value, index) => Math.abs(values[index] - value) < 1e-3);
}

function isDilated(spec: ConvSpec): boolean {
  return spec.dilations[0] > 1 || spec.dilations[1] > 1;
}

function forwardKernel(x: tf.Tensor4D, filter: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  if (isPointwise(spec)) return pointwiseForward(x, filter, spec);
  const same = readColumns(spec);
  if (same !== undefined) return forwardKernel(same.view(x), filter, same.spec);
  return runTensorflow('Conv2D', [x, filter], attributes(spec))[0] as tf.Tensor4D;
}

function backpropInputKernel(dy: tf.Tensor4D, filter: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  if (isPointwise(spec)) return pointwiseBackpropInput(dy, filter, spec);
  return runTensorflow(
    'Conv2DBackpropInput',
    [inputShape(spec), filter, dy],
    attributes(spec),
  )[0] as tf.Tensor4D;
}

function backpropFilterKernel(x: tf.Tensor4D, dy: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  if (isPointwise(spec)) return pointwiseBackpropFilter(x, dy, spec);
  const same = readPixels(spec);
  if (same !== undefined) return backpropFilterKernel(same.view(x), dy, same.spec);
  return runTensorflow(
    'Conv2DBackpropFilter',
    [x, filterShape(spec), dy],
    attributes(spec),
  )[0] as tf.Tensor4D;
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

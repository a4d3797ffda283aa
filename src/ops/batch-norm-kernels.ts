import * as tf from '@tensorflow/tfjs';
import { elementType, float, requireTensorflow, runTensorflow, TENSORFLOW } from './libtensorflow';

// Batch norm of a training step has a closed-form gradient. Stock tfjs differentiates its parts instead (mean, variance,
// normalisation), at about ten passes over the activations where two do.

/** Kernel names, under which a backend registers them and profiles show them. */
export const BATCH_NORM_TRAINING = 'BatchNormTraining';
export const BATCH_NORM_RELU_TRAINING = 'BatchNormReluTraining';

/** Attributes of both kernels. */
export interface BatchNormAttrs extends tf.NamedAttrMap {
  epsilon: number;
}

type Inputs = Record<string, tf.Tensor>;

/**
 * The kernels for one backend. Inputs are `x` `[batch, height, width, channels]`, `gamma` and `beta` `[channels]`;
 * outputs `y`, and mean and biased variance of the batch, `[channels]` each.
 */
export function batchNormKernels(backendName: string): tf.KernelConfig[] {
  const native = backendName === TENSORFLOW;
  const forward = (relu: boolean) => (native ? nativeForward(relu) : composedForward(relu));
  return [
    { kernelName: BATCH_NORM_TRAINING, backendName, kernelFunc: forward(false) },
    { kernelName: BATCH_NORM_RELU_TRAINING, backendName, kernelFunc: forward(true) },
  ];
}

function composedForward(relu: boolean): tf.KernelFunc {
  return ({ inputs, attrs }) => {
    const { x, gamma, beta } = inputs as Record<string, tf.Tensor4D> & Record<string, tf.Tensor1D>;
    const { epsilon } = attrs as BatchNormAttrs;
    return tf.tidy(() => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      const y = tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D, beta, gamma, epsilon);
      return [relu ? tf.relu(y) : y, mean, variance];
    });
  };
}

/** `[dx, dgamma, dbeta]`, by the formula that the op's gradient is defined by; differentiable itself. */
export function composedGradient(inputs: Record<string, tf.Tensor>, epsilon: number): tf.Tensor[] {
  const { dy, x, gamma, mean, variance } = inputs;
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  const normalised = tf.mul(tf.sub(x, mean), inverse);
  const dBeta = tf.sum(dy, [0, 1, 2]);
  const dGamma = tf.sum(tf.mul(dy, normalised), [0, 1, 2]);
  const count = x.size / gamma.size;
  const share = tf.add(tf.mul(normalised, tf.div(dGamma, count)), tf.div(dBeta, count));
  return [tf.mul(tf.sub(dy, share), tf.mul(gamma, inverse)), dGamma, dBeta];
}

const COMMON = { U: elementType('float32'), data_format: 'NHWC', is_training: true };
/** What makes TensorFlow's eager executor take a oneDNN kernel by its own name. */
const BY_NAME = { _kernel: 'MklNameChangeOp' };

function nativeForward(relu: boolean): tf.KernelFunc {
  return ({ inputs, attrs }) => {
    const { x, gamma, beta } = inputs as Inputs;
    const attributes = {
      ...COMMON,
      epsilon: float((attrs as BatchNormAttrs).epsilon),
      exponential_avg_factor: float(1),
    };
    const all = [x, gamma, beta];
    if (relu && fusedReluWorks()) return outputs(runFused(all, attributes));
    const [y, ...statistics] = outputs(
      withEmpty((none) => runTensorflow('FusedBatchNormV3', [...all, none, none], attributes, 6)),
    );
    if (!relu) return [y, ...statistics];
    const rectified = runTensorflow('Relu', [y], {})[0];
    y.dispose();
    return [rectified, ...statistics];
  };
}

function runFused(inputs: tf.TensorInfo[], attributes: Parameters<typeof runTensorflow>[2]): tf.Tensor[] {
  const fused = { ...attributes, ...BY_NAME, activation_mode: 'Relu', num_side_inputs: 0 };
  return withEmpty((none) => runTensorflow('_MklNativeFusedBatchNormEx', [...inputs, none, none], fused, 6));
}

/** Of y, mean, Bessel-corrected variance, mean, biased variance and scratch space, what the kernel promises. */
function outputs([y, mean, corrected, meanAgain, variance, scratch]: tf.Tensor[]): tf.Tensor[] {
  tf.dispose([corrected, meanAgain, scratch]);
  return [y, mean, variance];
}

/** The same by one call of libtensorflow. */
export function nativeGradient({ dy, x, gamma, mean, variance }: Inputs, epsilon: number): tf.Tensor[] {
  const attributes = { ...COMMON, epsilon: float(epsilon) };
  const [dx, dGamma, dBeta, ...unused] = withEmpty((none) =>
    runTensorflow('FusedBatchNormGradV3', [dy, x, gamma, mean, variance, none], attributes, 5),
  );
  tf.dispose(unused);
  return [dx, dGamma, dBeta];
}

/** Calls with an empty vector, for the running statistics and the scratch space that these calls have none of. */
function withEmpty(call: (none: tf.Tensor) => tf.Tensor[]): tf.Tensor[] {
  const none = tf.tensor1d([], 'float32');
  try {
    return call(none);
  } finally {
    none.dispose();
  }
}

let probed: boolean | undefined;

/**
 * Whether this TensorFlow has oneDNN's batch norm with ReLU inside, which only graphs are meant to use: found out once
 * by two values whose result is known, because without that kernel the same call returns unset memory.
 *
 * @throws CardinalError where the current backend is not `tensorflow`
 */
export function fusedReluWorks(): boolean {
  requireTensorflow('fusedReluWorks');
  probed ??= tf.tidy(() => {
    try {
      const x = tf.tensor4d([3, 5, -7, -3], [2, 1, 1, 2]);
      const inputs = [x, tf.tensor1d([2, 0.5]), tf.tensor1d([1, 0.25])];
      const attributes = { ...COMMON, epsilon: float(0), exponential_avg_factor: float(1) };
      const found = outputs(runFused(inputs, attributes)).map((tensor) => [...tensor.dataSync()]);
      const expected = [[3, 0.75, 0, 0], [-2, 1], [25, 16]]; // prettier-ignore
      return expected.every((list, i) => list.every((value, j) => Math.abs(found[i][j] - value) < 1e-3));
    } catch {
      return false; // TensorFlow's refusal is the answer that was asked for.
    }
  });
  return probed;
}

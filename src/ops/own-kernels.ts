import * as tf from '@tensorflow/tfjs';
import type { ConvSpec } from './conv-spec';
import { float, runTensorflow, TENSORFLOW } from './libtensorflow';
import type { Pass } from './strategies/strategy';

/** The families of operations that scripts/setup/kernels gives TensorFlow. */
export type OwnKernels = 'CardinalDirectConv2D' | 'CardinalWinogradConv2D';

const SUFFIXES: Readonly<Record<Pass, string>> = {
  forward: '',
  backpropInput: 'BackpropInput',
  backpropFilter: 'BackpropFilter',
};

/** An optimiser's update in one pass over memory, as scripts/setup/kernels gives TensorFlow. */
export type OwnUpdate = 'CardinalSgdUpdate' | 'CardinalAdamWUpdate';

/** Whether this package's own kernels are there, and if not, what of them is not. */
export type OwnKernelsState = 'ready' | 'other-backend' | 'processor' | 'not-compiled' | 'failed';

/** What a person can do, if anything, where they are not there. */
const REASONS: Readonly<Record<Exclude<OwnKernelsState, 'ready'>, string>> = {
  'other-backend': 'its kernels run on the tensorflow backend only',
  processor: 'its kernels need AVX-512, which this processor lacks',
  'not-compiled': "its kernels are not compiled: run 'npx cardinal setup --force'",
  failed: "its kernels do not load: run 'npx cardinal setup --force'",
};

let state: OwnKernelsState = 'other-backend';
let failure = '';
let reasonToRest: string | undefined;

/**
 * Takes note of whether libtensorflow has this package's own operations, which the addon brings when it is loaded.
 *
 * @param load returns the addon
 */
export function registerOwnKernels(load: () => { isSupported: boolean }): void {
  try {
    state = load().isSupported ? 'ready' : 'processor';
  } catch (error) {
    // Not set up by us, or for another machine: libtensorflow's kernels do the work.
    const { code, message } = error as NodeJS.ErrnoException;
    state = code === 'MODULE_NOT_FOUND' ? 'not-compiled' : 'failed';
    failure = message.split('\n')[0];
  }
}

/** Which of the states they are in. */
export function ownKernelsState(): OwnKernelsState {
  return state;
}

/** Runs `work` with every convolution left to TensorFlow's kernels, for the reason given. */
export function withoutOwnKernels<T>(reason: string, work: () => T): T {
  const before = reasonToRest;
  reasonToRest = reason;
  try {
    return work();
  } finally {
    reasonToRest = before;
  }
}

/** Why no kernel of this package's may run now, or `undefined` where they may. */
export function whyNoOwnKernels(): string | undefined {
  if (state === 'ready') return reasonToRest;
  return state === 'failed' ? `${REASONS.failed} (${failure})` : REASONS[state];
}

/**
 * One pass by a kernel of this package's own: `first` and `second` are x and filter, dy and filter, or x and dy.
 *
 * @throws CardinalError on another backend than `tensorflow`; TensorFlow's own error, with what was expected, for a
 *   convolution that the family does not know
 */
export function runOwnKernel(
  family: OwnKernels,
  pass: Pass,
  first: tf.Tensor4D,
  second: tf.Tensor4D,
  spec: ConvSpec,
): tf.Tensor4D {
  const isInputGradient = pass === 'backpropInput';
  const attributes = {
    T: null,
    kernel_size: spec.filterHeight,
    groups: spec.groups,
    stride: spec.strides[0],
    top: spec.padding.top,
    left: spec.padding.left,
    height: isInputGradient ? spec.inHeight : spec.outHeight,
    width: isInputGradient ? spec.inWidth : spec.outWidth,
  };
  return runTensorflow(family + SUFFIXES[pass], [first, second], attributes)[0] as tf.Tensor4D;
}

/** Whether {@link runOwnUpdate} can move these weights: it may in any step, since weights and slots are float32 in all. */
export function hasOwnUpdates(weights: tf.Tensor): boolean {
  return state === 'ready' && tf.getBackend() === TENSORFLOW && weights.dtype === 'float32';
}

/**
 * New values of weights and of an optimiser's slots.
 *
 * @param settings scalars
 * @param attributes numbers that are the same at each step
 * @returns the weights, then the slots
 * @throws CardinalError on another backend than `tensorflow`; TensorFlow's own error for tensors that do not go together
 */
export function runOwnUpdate(
  update: OwnUpdate,
  weights: tf.Tensor,
  gradient: tf.Tensor,
  slots: readonly tf.Tensor[],
  settings: readonly tf.Tensor[],
  attributes: Readonly<Record<string, number>>,
): tf.Tensor[] {
  const encoded = Object.entries(attributes).map(([name, value]) => [name, float(value)] as const);
  const inputs = [weights, gradient, ...slots, ...settings];
  return runTensorflow(update, inputs, { T: null, ...Object.fromEntries(encoded) }, 1 + slots.length);
}

import * as tf from '@tensorflow/tfjs';
import { filterShape, inputShape, type ConvSpec } from '../conv-spec';
import { inputGradientByForward } from './input-gradient-by-forward';
import type { Pass, Strategy } from './strategy';

// Stock kernels know TensorFlow's two words for padding and no dilated gradients. Both reduce to what they know:
//   explicit zeros: pad the input, convolve 'valid', and cut the zeros' share off the input gradient;
//   a dilated gradient: y is a sum over the filter's taps (i, j) of 1x1 convolutions of x shifted by (i·d, j·d), so each
//   tap's gradient is the undilated gradient of a 1x1 convolution of a strided view.

/** Backends whose stock input gradient is far slower than their forward convolution. */
const SLOW_INPUT_GRADIENT = ['wasm'];

/** `strategy.forward` for any padding. */
export function forward(
  strategy: Strategy,
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  spec: ConvSpec,
): tf.Tensor4D {
  if (takesPadding(strategy, 'forward', spec)) return strategy.forward(x, filter, spec);
  return strategy.forward(pad(x, spec), filter, padded(spec));
}

/** `strategy.backpropInput` for any padding and dilation. */
export function backpropInput(
  strategy: Strategy,
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  spec: ConvSpec,
): tf.Tensor4D {
  if (SLOW_INPUT_GRADIENT.includes(tf.getBackend()))
    return inputGradientByForward(strategy, dy, filter, spec);
  const byTaps = needsTaps(strategy, spec);
  if (!byTaps && takesPadding(strategy, 'backpropInput', spec))
    return strategy.backpropInput(dy, filter, spec);
  const whole = padded(spec);
  const gradient = byTaps
    ? inputGradientByTaps(strategy, dy, filter, whole)
    : strategy.backpropInput(dy, filter, whole);
  return tf.slice(gradient, [0, spec.padding.top, spec.padding.left, 0], inputShape(spec));
}

/** `strategy.backpropFilter` for any padding and dilation. */
export function backpropFilter(
  strategy: Strategy,
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  spec: ConvSpec,
): tf.Tensor4D {
  const byTaps = needsTaps(strategy, spec);
  if (!byTaps && takesPadding(strategy, 'backpropFilter', spec)) return strategy.backpropFilter(x, dy, spec);
  const whole = padded(spec);
  if (!byTaps) return strategy.backpropFilter(pad(x, spec), dy, whole);
  return filterGradientByTaps(strategy, pad(x, spec), dy, whole);
}

function takesPadding(strategy: Strategy, pass: Pass, spec: ConvSpec): boolean {
  return spec.padding.kind !== 'explicit' || (strategy.handles?.explicitPadding?.includes(pass) ?? false);
}

function needsTaps(strategy: Strategy, spec: ConvSpec): boolean {
  return (spec.dilations[0] > 1 || spec.dilations[1] > 1) && !strategy.handles?.dilatedGradients;
}

/** The same convolution over the input with its zeros already around it. */
function padded(spec: ConvSpec): ConvSpec {
  const { top, bottom, left, right } = spec.padding;
  return {
    ...spec,
    inHeight: spec.inHeight + top + bottom,
    inWidth: spec.inWidth + left + right,
    padding: { kind: 'valid', top: 0, bottom: 0, left: 0, right: 0 },
  };
}

function pad(x: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  const { top, bottom, left, right } = spec.padding;
  if (top + bottom + left + right === 0) return x;
  return tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]]); // prettier-ignore
}

interface Tap {
  readonly row: number;
  readonly column: number;
}

function taps(spec: ConvSpec): Tap[] {
  return Array.from({ length: spec.filterHeight * spec.filterWidth }, (_, index) => ({
    row: Math.floor(index / spec.filterWidth),
    column: index % spec.filterWidth,
  }));
}

/** The 1x1 convolution that one tap is, over the part of the input that it reads. */
function tapSpec(spec: ConvSpec): ConvSpec {
  return {
    ...spec,
    inHeight: (spec.outHeight - 1) * spec.strides[0] + 1,
    inWidth: (spec.outWidth - 1) * spec.strides[1] + 1,
    filterHeight: 1,
    filterWidth: 1,
    dilations: [1, 1],
  };
}

function inputGradientByTaps(
  strategy: Strategy,
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  spec: ConvSpec,
): tf.Tensor4D {
  const one = tapSpec(spec);
  const shares = taps(spec).map(({ row, column }) => {
    const weights = tf.slice(filter, [row, column, 0, 0], filterShape(one));
    const top = row * spec.dilations[0];
    const left = column * spec.dilations[1];
    return tf.pad(strategy.backpropInput(dy, weights, one), [
      [0, 0],
      [top, spec.inHeight - one.inHeight - top],
      [left, spec.inWidth - one.inWidth - left],
      [0, 0],
    ]);
  });
  return tf.addN(shares);
}

function filterGradientByTaps(
  strategy: Strategy,
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  spec: ConvSpec,
): tf.Tensor4D {
  const one = tapSpec(spec);
  const gradients = taps(spec).map(({ row, column }) => {
    const origin: [number, number, number, number] = [
      0,
      row * spec.dilations[0],
      column * spec.dilations[1],
      0,
    ];
    return strategy.backpropFilter(tf.slice(x, origin, inputShape(one)), dy, one);
  });
  return tf.concat(gradients, 0).reshape(filterShape(spec));
}

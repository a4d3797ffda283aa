import * as tf from '@tensorflow/tfjs';
import type { Weight } from '../graph';
import type { LayerScope, Lowerings, Value } from './lowering';

function filled(length: number, value: number): Weight {
  return { shape: [length], data: new Float32Array(length).fill(value) };
}

/** Along which axis, which must be the channels'. */
function requireLastAxis(scope: LayerScope, { shape }: Value): void {
  const option = scope.option<number | number[] | undefined>('axis') ?? -1;
  const axes = Array.isArray(option) ? option : [option];
  if (axes.length === 1 && (axes[0] === -1 || axes[0] === shape.length - 1)) return;
  throw scope.cannot(`it normalises along axis ${axes.join(', ')}, not along the last`);
}

function batchNorm(scope: LayerScope, [x]: readonly Value[]): Value {
  requireLastAxis(scope, x);
  const mean = scope.requiredWeight('moving_mean').data;
  const variance = scope.requiredWeight('moving_variance').data;
  const gamma = scope.weight('gamma')?.data;
  const beta = scope.weight('beta')?.data;
  const epsilon = scope.option<number>('epsilon');
  // In double precision, as the rounding of these two is all that folding costs.
  const scale = Float64Array.from(variance, (value, i) => (gamma?.[i] ?? 1) / Math.sqrt(value + epsilon));
  const shift = Float32Array.from(scale, (value, i) => (beta?.[i] ?? 0) - mean[i] * value);
  const shape = [mean.length];
  const affine = { scale: { shape, data: Float32Array.from(scale) }, shift: { shape, data: shift } };
  return scope.add({ op: 'affine', ...affine }, [x], x.shape);
}

function layerNorm(scope: LayerScope, [x]: readonly Value[]): Value {
  requireLastAxis(scope, x);
  const channels = x.shape.at(-1) as number;
  const gamma = scope.weight('gamma') ?? filled(channels, 1);
  const beta = scope.weight('beta') ?? filled(channels, 0);
  return scope.add({ op: 'layerNorm', gamma, beta, epsilon: scope.option<number>('epsilon') }, [x], x.shape);
}

function layerScale(scope: LayerScope, [x]: readonly Value[]): Value {
  const scale = scope.requiredWeight('layer_scale');
  return scope.add({ op: 'affine', scale, shift: filled(scale.shape[0], 0) }, [x], x.shape);
}

/** A factor and an offset, for all channels or by channel. */
function rescaling(scope: LayerScope, [x]: readonly Value[]): Value {
  const [scale, shift] = ['scale', 'offset'].map((option) => byChannel(scope, option, x));
  return scope.add({ op: 'affine', scale, shift }, [x], x.shape);
}

/** One number, or one for each channel, in any of the forms that tfjs takes for a tensor. */
function byChannel(scope: LayerScope, option: string, { shape }: Value): Weight {
  const channels = shape.at(-1) as number;
  const value = scope.option<tf.TensorLike | tf.Tensor>(option);
  const { lengths, data } = tf.tidy(() => {
    const tensor = value instanceof tf.Tensor ? value : tf.tensor(value);
    return { lengths: tensor.shape, data: Float32Array.from(tensor.dataSync()) };
  });
  if (data.length === 1 && lengths.length <= shape.length) return filled(channels, data[0]);
  const isByChannel =
    lengths.at(-1) === channels && data.length === channels && lengths.length <= shape.length;
  if (!isByChannel) {
    throw scope.cannot(`its ${option} has the shape [${lengths.join(', ')}], not one number or ${channels}`);
  }
  return { shape: [channels], data };
}

export const NORMALISATION_LOWERINGS: Lowerings = {
  BatchNormalization: batchNorm,
  LayerNormalization: layerNorm,
  LayerScale: layerScale,
  Rescaling: rescaling,
};

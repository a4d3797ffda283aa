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

/** One factor and one offset for all channels. */
function rescaling(scope: LayerScope, [x]: readonly Value[]): Value {
  const channels = x.shape.at(-1) as number;
  const scale = filled(channels, scope.option<number>('scale'));
  const shift = filled(channels, scope.option<number>('offset'));
  return scope.add({ op: 'affine', scale, shift }, [x], x.shape);
}

export const NORMALISATION_LOWERINGS: Lowerings = {
  BatchNormalization: batchNorm,
  LayerNormalization: layerNorm,
  LayerScale: layerScale,
  Rescaling: rescaling,
};

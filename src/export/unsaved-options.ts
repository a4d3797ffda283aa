import type * as tf from '@tensorflow/tfjs';

interface Options {
  readonly depthMultiplier?: number;
  readonly depthwiseConstraint?: tf.serialization.Serializable | null;
}

/**
 * Options of a stock layer that its `getConfig` leaves out or gets wrong, as a saved topology has them: the multiplier of
 * `SeparableConv2D`, and the constraint of `DepthwiseConv2D`, in whose place tfjs writes its regulariser.
 */
export function unsavedOptions(layer: tf.layers.Layer): Record<string, unknown> {
  const { depthMultiplier, depthwiseConstraint } = layer as Options;
  switch (layer.getClassName()) {
    case 'SeparableConv2D':
      return { depth_multiplier: depthMultiplier };
    case 'DepthwiseConv2D':
      return { depthwise_constraint: serialised(depthwiseConstraint) };
    default:
      return {};
  }
}

function serialised(instance: tf.serialization.Serializable | null | undefined): unknown {
  if (instance == null) return null;
  const config = Object.entries(instance.getConfig()).map(([key, value]) => [snakeCase(key), value]);
  return { class_name: instance.getClassName(), config: Object.fromEntries(config) as unknown };
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

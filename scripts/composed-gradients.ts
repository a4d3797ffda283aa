import * as tf from '@tensorflow/tfjs';

import { nativeGradientsWork } from '../src/ops/strategies/native';

/** Whether the tensorflow backend has to compose gradients that a model's training takes, which it has kernels for elsewhere. */
export function composesGradients(model: tf.LayersModel): boolean {
  return tf.getBackend() === 'tensorflow' && model.layers.some(isGrouped) && !nativeGradientsWork();
}

/** What to do where {@link composesGradients} holds, in one sentence. */
export function adviceOnGradients(): string {
  const advice =
    process.env.TF_ENABLE_ONEDNN_OPTS === '0'
      ? 'TF_ENABLE_ONEDNN_OPTS=0 turns oneDNN off: unset it'
      : "this TensorFlow has none: run 'npx cardinal setup --force'";
  return `gradients of grouped convolution are not native but composed of stock ops, and training them is slower; ${advice}`;
}

function isGrouped(layer: tf.layers.Layer): boolean {
  const { groups = 1 } = layer.getConfig() as { groups?: number };
  return groups > 1;
}

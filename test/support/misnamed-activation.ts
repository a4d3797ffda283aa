import * as tf from '@tensorflow/tfjs';

/** A layer whose options say `tanh`, and which squares: what only a run shows. */
export function misnamedActivation(name: string, inputShape?: number[]): tf.layers.Layer {
  const layer = tf.layers.activation({ name, activation: 'tanh', inputShape });
  const activation = { apply: (x: tf.Tensor) => tf.square(x), getClassName: () => 'tanh' };
  return Object.assign(layer, { activation });
}

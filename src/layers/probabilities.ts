import type * as tf from '@tensorflow/tfjs';

const PROBABILITIES: readonly unknown[] = ['softmax', 'sigmoid'];

/** Layers that pass on all that they are given in prediction, if in another shape. */
const PASSING: ReadonlySet<string> = new Set([
  ...['Reshape', 'Flatten', 'Dropout', 'AlphaDropout', 'GaussianDropout', 'GaussianNoise'],
]);

/** Whether a layer, at a model's end, changes nothing of the logits but their shape. */
export function passesLogits(layer: tf.layers.Layer): boolean {
  const className = layer.getClassName();
  return PASSING.has(className) || (className === 'Activation' && layer.getConfig().activation === 'linear');
}

/** The activation by which a layer makes probabilities, of logits that it is given or computes; `undefined` for none. */
export function probabilityActivation(layer: tf.layers.Layer): 'softmax' | 'sigmoid' | undefined {
  if (layer.getClassName() === 'Softmax') return 'softmax';
  const { activation } = layer.getConfig();
  return PROBABILITIES.includes(activation) ? (activation as 'softmax' | 'sigmoid') : undefined;
}

/** Whether a layer is an activation and nothing else. */
export function isActivation(layer: tf.layers.Layer): boolean {
  return ['Softmax', 'Activation'].includes(layer.getClassName());
}

import * as tf from '@tensorflow/tfjs';

import { groupedConv2D } from '../../src/layers/grouped-conv2d';

/** A classifier of 8 x 8 images in three classes: convolutions, one of them grouped, norms, a branch and a dense layer. */
export function smallNetwork(): tf.LayersModel {
  const { layers } = tf;
  const input = tf.input({ shape: [8, 8, 3] });
  let x = layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', name: 'conv1' }).apply(input);
  x = layers.batchNormalization({ name: 'bn1' }).apply(x);
  const straight = layers.activation({ activation: 'relu' }).apply(x) as tf.SymbolicTensor;
  const conv = groupedConv2D({ filters: 8, kernelSize: 3, groups: 2, padding: 'same', name: 'conv2' });
  const sum = layers.add().apply([straight, conv.apply(straight) as tf.SymbolicTensor]);
  const pooled = layers.globalAveragePooling2d({}).apply(sum);
  const hidden = layers.dense({ units: 40, activation: 'relu', name: 'hidden' }).apply(pooled);
  const output = layers.dense({ units: 3, name: 'fc' }).apply(hidden) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: output });
}

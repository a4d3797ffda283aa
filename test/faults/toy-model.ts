import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-cpu';
import { groupedConv2D } from '../../src/layers/grouped-conv2d';

/** A convolution with groups, batch norm, a residual connection, a layer that is called twice, and a model within the model. */
export function toyModel(): tf.LayersModel {
  const apply = (layer: tf.layers.Layer, ...values: tf.SymbolicTensor[]) =>
    layer.apply(values.length === 1 ? values[0] : values) as tf.SymbolicTensor;
  const inputs = tf.input({ shape: [6, 6, 4], name: 'image' });
  const stem = apply(
    groupedConv2D({ filters: 4, kernelSize: 3, padding: 'same', groups: 2, useBias: false, name: 'stem' }),
    inputs,
  );
  const normed = apply(tf.layers.batchNormalization({ name: 'norm' }), stem);
  const innerInput = tf.input({ shape: [6, 6, 4], name: 'inner_image' });
  const innerConv = apply(tf.layers.conv2d({ filters: 4, kernelSize: 1, name: 'inner_conv' }), innerInput);
  const inner = tf.model({
    inputs: innerInput,
    outputs: apply(tf.layers.add({ name: 'inner_add' }), innerInput, innerConv),
    name: 'inner',
  });
  const shared = tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', name: 'shared' });
  const first = apply(shared, apply(inner, normed));
  const second = apply(shared, apply(tf.layers.reLU({ name: 'relu' }), first));
  const sum = apply(tf.layers.add({ name: 'residual' }), normed, second);
  const pooled = apply(tf.layers.globalAveragePooling2d({ name: 'pool', dataFormat: 'channelsLast' }), sum);
  return tf.model({
    inputs,
    outputs: apply(tf.layers.dense({ units: 3, name: 'fc', activation: 'softmax' }), pooled),
    name: 'toy',
  });
}

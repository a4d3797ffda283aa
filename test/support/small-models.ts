import * as tf from '@tensorflow/tfjs';
import { channelShuffle } from '../../src/layers/channel-shuffle';
import { channelSlice } from '../../src/layers/channel-slice';

const { layers } = tf;

/** Height, width and channels of the images that small models take; none is the same, so that none can stand for another. */
export const SMALL_IMAGE = [7, 9, 8];

/** Layers one after the other. */
export function chain(...row: tf.layers.Layer[]): tf.Sequential {
  return tf.sequential({ layers: [layers.inputLayer({ inputShape: SMALL_IMAGE }), ...row] });
}

/** A model of any form. */
export function branches(
  build: (x: tf.SymbolicTensor) => tf.SymbolicTensor | tf.SymbolicTensor[],
  shape = SMALL_IMAGE,
): tf.LayersModel {
  const inputs = tf.input({ shape });
  return tf.model({ inputs, outputs: build(inputs) });
}

export function apply(layer: tf.layers.Layer, ...values: tf.SymbolicTensor[]): tf.SymbolicTensor {
  return layer.apply(values.length === 1 ? values[0] : values) as tf.SymbolicTensor;
}

/** Some channels as they are, beside a convolution of the others, shuffled. */
export function slicesAndShuffle(): tf.LayersModel {
  return branches((x) => {
    const left = apply(channelSlice({ begin: 0, size: 3 }), x);
    const right = apply(
      layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same' }),
      apply(channelSlice({ begin: 3, size: 5 }), x),
    );
    return apply(channelShuffle({ groups: 2 }), apply(layers.concatenate(), left, right));
  });
}

import * as tf from '@tensorflow/tfjs';

import type { ImageDataset } from '../../src/data/image-dataset';
import { seededRandom } from '../../src/data/random';

/** Images of noise around a level that tells the class: easy to learn, in a second. */
export function smallDataset(count: number, { seed = 1, classes = 3, size = 8 } = {}): ImageDataset {
  const random = seededRandom(seed);
  const images = new Uint8Array(count * size * size * 3);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = i % classes;
    for (let j = 0; j < size * size * 3; j++) {
      images[i * size * size * 3 + j] =
        40 + 60 * labels[i] * (j % 3 === labels[i] ? 1 : 0) + random.below(90);
    }
  }
  return {
    name: 'small',
    images,
    labels,
    count,
    imageShape: [size, size, 3],
    classNames: ['a', 'b', 'c', 'd', 'e'].slice(0, classes),
    mean: [0.3, 0.3, 0.3],
    std: [0.2, 0.2, 0.2],
  };
}

/** A convolution, batch norm and a classifier, with fixed initial weights. */
export function smallModel({
  seed = 1,
  classes = 3,
  size = 8,
  dropout = 0,
  momentum = 0.9,
} = {}): tf.LayersModel {
  const init = (offset: number) => tf.initializers.glorotUniform({ seed: seed * 10 + offset });
  const input = tf.input({ shape: [size, size, 3] });
  let x = tf.layers
    .conv2d({ filters: 6, kernelSize: 3, padding: 'same', name: 'conv', kernelInitializer: init(1) })
    .apply(input) as tf.SymbolicTensor;
  x = tf.layers.batchNormalization({ name: 'bn', momentum }).apply(x) as tf.SymbolicTensor;
  x = tf.layers.activation({ activation: 'relu', name: 'relu' }).apply(x) as tf.SymbolicTensor;
  x = tf.layers.globalAveragePooling2d({ name: 'pool' } as never).apply(x) as tf.SymbolicTensor;
  if (dropout > 0) x = tf.layers.dropout({ rate: dropout, seed, name: 'drop' }).apply(x) as tf.SymbolicTensor;
  x = tf.layers
    .dense({ units: classes, name: 'fc', kernelInitializer: init(2) })
    .apply(x) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: x });
}

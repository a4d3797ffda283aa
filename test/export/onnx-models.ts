import * as tf from '@tensorflow/tfjs';
import { channelShuffle } from '../../src/layers/channel-shuffle';
import { channelSlice } from '../../src/layers/channel-slice';
import { depthwiseSeparableConv2D } from '../../src/layers/depthwise-separable-conv2d';
import { groupedConv2D } from '../../src/layers/grouped-conv2d';
import { hardSwishLayer } from '../../src/layers/hard-swish';
import { layerScale } from '../../src/layers/layer-scale';
import { squeezeExcite } from '../../src/layers/squeeze-excite';
import { apply, branches, chain, slicesAndShuffle } from '../support/small-models';

const { layers } = tf;
export const conv2d = (options: object = {}) => layers.conv2d({ filters: 6, kernelSize: 3, ...options });

/** Between them they have every operation of a graph that a layer makes. */
export const ONNX_MODELS: Record<string, () => tf.LayersModel> = {
  convolutions: () =>
    chain(
      conv2d({ padding: 'same', strides: 2, activation: 'relu' }),
      conv2d({ dilationRate: 2, useBias: false, padding: 'same', filters: 4 }),
      conv2d({ kernelSize: [1, 2] }),
    ),
  'grouped convolution, zeros a side': () =>
    chain(groupedConv2D({ filters: 16, kernelSize: [3, 5], groups: 4, strides: 2, padding: [1, 2] })),
  'depthwise convolutions': () =>
    chain(
      layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same' }),
      layers.batchNormalization(),
      depthwiseSeparableConv2D({ filters: 12, padding: 1, strides: 2, batchNorm: true, activation: 'relu6' }),
    ),
  'zeros around a convolution, more on one side': () =>
    chain(
      layers.zeroPadding2d({ padding: [[1, 0], [0, 2]] }), // prettier-ignore
      conv2d(),
    ),
  'batch norm that no convolution takes, with images and without': () =>
    chain(
      layers.batchNormalization(),
      layers.globalAveragePooling2d({}),
      layers.batchNormalization(),
      layers.dense({ units: 3, useBias: false }),
    ),
  "ConvNeXt's block": () =>
    branches((x) => {
      const normal = apply(
        layers.layerNormalization({ epsilon: 1e-3 }),
        apply(conv2d({ padding: 'same', filters: 8 }), x),
      );
      const wide = apply(layers.dense({ units: 16, activation: 'gelu' }), normal);
      const back = apply(layerScale(), apply(layers.dense({ units: 8, useBias: false }), wide));
      return apply(layers.add(), x, apply(layers.batchNormalization(), back));
    }),
  'products of channels, and a softmax over them': () =>
    chain(
      layers.dense({ units: 5 }),
      layerScale(),
      conv2d({ filters: 4, kernelSize: 1 }),
      layers.softmax({ axis: -1 }),
    ),
  activations: () =>
    chain(
      layers.leakyReLU({ alpha: 0.2 }),
      hardSwishLayer(),
      layers.activation({ activation: 'swish' }),
      layers.activation({ activation: 'gelu' }),
      layers.elu({ alpha: 1 }),
      layers.activation({ activation: 'softplus' }),
      layers.activation({ activation: 'tanh' }),
      layers.activation({ activation: 'hardSigmoid' }),
    ),
  'clipped activations': () =>
    chain(
      conv2d({ activation: 'sigmoid' }),
      layerScale(),
      conv2d({ filters: 30 }),
      layers.reLU({ maxValue: 6 }),
    ),
  pools: () =>
    chain(
      layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
      layers.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same' }),
      layers.averagePooling2d({ poolSize: [2, 1] }),
    ),
  // Of images that may be negative, zeros at the border may be a window's largest.
  'zeros around a maximum, which are pixels': () =>
    chain(layers.zeroPadding2d({ padding: [1, 2] }), layers.maxPooling2d({ poolSize: 3, strides: 1 })),
  'zeros around a maximum of what is never negative': () =>
    chain(
      layers.activation({ activation: 'relu' }),
      layers.zeroPadding2d({ padding: [1, 1] }),
      layers.maxPooling2d({ poolSize: 3, strides: 2 }),
    ),
  'zeros beyond the window of a maximum': () =>
    chain(
      layers.activation({ activation: 'relu' }),
      layers.zeroPadding2d({ padding: [2, 3] }),
      layers.maxPooling2d({ poolSize: 2, strides: 1 }),
    ),
  'squeeze and excite': () =>
    chain(squeezeExcite({ squeezeChannels: 3, activation: 'silu', gate: 'hardSigmoid' })),
  'images in a row, in the order height, width, channels': () =>
    chain(conv2d(), layers.flatten(), layers.dense({ units: 4, activation: 'softmax' })),
  'other shapes': () =>
    chain(
      conv2d({ filters: 8, padding: 'same' }),
      layers.reshape({ targetShape: [21, 24] }),
      layers.dense({ units: 8 }),
      layers.layerNormalization(),
      layers.batchNormalization(),
      layers.softmax({ axis: -1 }),
      layers.reshape({ targetShape: [12, 7, 2] }),
      conv2d(),
    ),
  'one position, and one channel': () =>
    branches((x) => {
      const averages = apply(layers.globalAveragePooling2d({}), x);
      const position = apply(layers.reshape({ targetShape: [1, 1, 8] }), averages);
      const plane = apply(layers.reshape({ targetShape: [4, 2, 1] }), position);
      const flat = apply(layers.flatten(), apply(conv2d({ kernelSize: 2 }), plane));
      return [apply(layers.multiply(), x, position), apply(layers.dense({ units: 2 }), flat)];
    }),
  'borders cut off, before a convolution and after': () =>
    chain(
      layers.cropping2D({ cropping: [[1, 0], [0, 2]] }), // prettier-ignore
      conv2d({ padding: 'same' }),
      layers.cropping2D({ cropping: [[0, 0], [2, 1]] }), // prettier-ignore
      layers.cropping2D({ cropping: 0 }),
    ),
  'borders cut off where channels are last': () =>
    chain(layers.layerNormalization(), layers.cropping2D({ cropping: [1, 2] }), layers.dense({ units: 4 })),
  'axes that change places around a convolution': () =>
    chain(
      layers.permute({ dims: [3, 1, 2] }),
      conv2d({ padding: 'same' }),
      layers.permute({ dims: [2, 1, 3] }),
      layers.batchNormalization(),
    ),
  'axes that change places before a vector is made of them': () =>
    chain(
      conv2d(),
      layers.permute({ dims: [3, 1, 2] }),
      layers.flatten(),
      layers.dense({ units: 4, activation: 'softmax' }),
    ),
  'axes that change places and nothing else': () =>
    branches((x) => [
      apply(layers.permute({ dims: [2, 3, 1] }), x),
      apply(layers.permute({ dims: [1, 2, 3] }), x),
    ]),
  'axes that change places without height': () =>
    branches((x) => apply(layers.permute({ dims: [2, 1] }), apply(layers.dense({ units: 3 }), x)), [5, 8]),
  'pixels that were channels': () =>
    chain(
      layers.reshape({ targetShape: [7, 9, 2, 2, 2] }),
      layers.permute({ dims: [1, 3, 2, 4, 5] }),
      layers.reshape({ targetShape: [14, 18, 2] }),
      conv2d(),
    ),
  'slices, shuffle and concatenation': slicesAndShuffle,
  'the same with channels last': () =>
    branches((x) => {
      const normal = apply(layers.layerNormalization(), x);
      const left = apply(channelSlice({ begin: 0, size: 3 }), normal);
      const right = apply(channelSlice({ begin: 5, size: 3 }), normal);
      return apply(channelShuffle({ groups: 3 }), apply(layers.concatenate(), left, right));
    }),
  'rows without height': () =>
    branches(
      (x) => {
        const half = apply(channelSlice({ begin: 2, size: 4 }), x);
        const both = apply(layers.concatenate(), half, apply(layers.dense({ units: 4 }), x));
        return apply(layers.add(), x, apply(layers.activation({ activation: 'elu' }), both));
      },
      [5, 8],
    ),
};

import type * as tf from '@tensorflow/tfjs';
import type { ConvolutionStep } from './convolution-form';
import { isConvolution, readLayer } from './read-convolution';
import { counted, sizeText } from './text';

// What follows almost every convolution, or changes no numbers: it is in the list of layers, and not written.
const UNSAID = new Set([
  'Activation', 'AlphaDropout', 'BatchNormalization', 'DropPath', 'Dropout', 'ELU', 'Flatten', 'GaussianDropout', 'GaussianNoise',
  'HardSwish', 'LayerNormalization', 'LayerScale', 'LeakyReLU', 'PReLU', 'ReLU', 'Softmax', 'SpatialDropout2D',
  'ThresholdedReLU', 'ZeroPadding2D',
]); // prettier-ignore

/** Layers that one value or more go into, by what they do with them. */
const JOINS: Readonly<Record<string, string>> = {
  Add: 'add',
  Average: 'average',
  Concatenate: 'concat',
  Dot: 'dot product',
  Maximum: 'maximum',
  Minimum: 'minimum',
  Multiply: 'multiply',
};

/** Whether a layer puts several values together. */
export function isJoin(layer: tf.layers.Layer): boolean {
  return Object.hasOwn(JOINS, layer.getClassName());
}

/** Whether a layer is left out of a block's lines: norms, activations, dropout, padding. */
export function isUnsaid(layer: tf.layers.Layer): boolean {
  return UNSAID.has(layer.getClassName());
}

/** A word for what a layer does, without its sizes. */
export function operationKind(layer: tf.layers.Layer): string {
  const className = layer.getClassName();
  if (isConvolution(layer)) return 'convolution';
  if (className === 'Dense') return 'linear layer';
  if (className === 'SqueezeExcite') return 'squeeze-excitation';
  return JOINS[className] ?? (className.includes('Pooling') ? 'pooling' : className);
}

/**
 * What a layer does, in a line.
 *
 * @example
 * layerText(model.getLayer('layer1.0.conv2')); // '3x3 conv 32 → 32, 8 groups'
 */
export function layerText(layer: tf.layers.Layer): string {
  if (isConvolution(layer)) return readLayer(layer).steps.map(convolutionText).join(', ');
  const className = layer.getClassName();
  const { poolSize, strides, groups, begin, size, activation } = layer as unknown as Options;
  const join: string | undefined = JOINS[className];
  if (join !== undefined) return join;
  switch (className) {
    case 'Dense': {
      const [inputs, units] = kernelOf(layer, 'kernel');
      return `linear ${inputs} → ${units}`;
    }
    case 'MaxPooling2D':
    case 'AveragePooling2D':
      return `${sizeText(poolSize)} ${className === 'MaxPooling2D' ? 'max' : 'average'} pool${strideText(strides)}`;
    case 'GlobalAveragePooling2D':
      return 'global average pool';
    case 'GlobalMaxPooling2D':
      return 'global max pool';
    case 'SqueezeExcite': {
      const [, , channels, squeezed] = kernelOf(layer, 'kernel');
      return `squeeze-excite ${channels} → ${squeezed} → ${channels}`;
    }
    case 'ChannelShuffle':
      return `shuffle of ${counted(groups, 'group')}`;
    case 'ChannelSlice':
      return `channels ${begin} to ${begin + size - 1}`;
    case 'Activation':
      return activation.getClassName();
    default:
      return className;
  }
}

interface Options {
  readonly poolSize: [number, number];
  readonly strides: [number, number];
  readonly groups: number;
  readonly begin: number;
  readonly size: number;
  readonly activation: tf.serialization.Serializable;
}

function convolutionText({ spec }: ConvolutionStep): string {
  const { inChannels, outChannels, groups, filterHeight, filterWidth, strides, dilations } = spec;
  const kernel = sizeText([filterHeight, filterWidth]);
  const channels = `${inChannels} → ${outChannels}`;
  const dilated = dilations.every((one) => one === 1) ? '' : `, dilation ${single(dilations)}`;
  const isDepthwise = groups > 1 && groups === inChannels;
  const inGroups = groups === 1 || isDepthwise ? '' : `, ${groups} groups`;
  return `${kernel} ${isDepthwise ? 'depthwise' : 'conv'} ${channels}${inGroups}${strideText(strides)}${dilated}`;
}

function strideText(strides: readonly [number, number]): string {
  return strides.every((one) => one === 1) ? '' : `, stride ${single(strides)}`;
}

function single(pair: readonly [number, number]): string {
  return pair[0] === pair[1] ? String(pair[0]) : sizeText(pair);
}

function kernelOf(layer: tf.layers.Layer, name: string): number[] {
  const weight = layer.weights.find(({ originalName }) => originalName.endsWith(name)) as tf.LayerVariable;
  return weight.shape as number[];
}

import type * as tf from '@tensorflow/tfjs';
import { checkModel, checkText } from '../check-kinds';
import { invalidArgument, listed, nearest } from '../errors';
import { type Padding, pair } from '../ops/conv-spec';
import {
  type ConvolutionForm,
  type ConvolutionOptions,
  type ConvolutionStep,
  convolutionStep,
  formOf,
} from './convolution-form';

/** Height, width and channels of what a layer is applied to. */
type Image = readonly [height: number, width: number, channels: number];

/** What the layers of convolutions say of themselves; what is wanted of their weights is their shapes. */
interface ConvolutionLayer extends tf.layers.Layer {
  readonly strides: number | [number, number];
  readonly dilationRate?: number | [number, number];
  readonly padding: Padding;
}

type Reader = (layer: tf.layers.Layer, image: Image) => ConvolutionStep[];

const READERS: Readonly<Record<string, Reader>> = {
  Conv2D: (layer, image) => [ordinary(layer, image)],
  GroupedConv2D: (layer, image) => [ordinary(layer, image)],
  DepthwiseConv2D: (layer, image) => [depthwise(layer, image, hasBias(layer))],
  SeparableConv2D: (layer, image) => {
    const filtered = depthwise(layer, image, false);
    const outChannels = shapeOf(layer, 'pointwise_kernel')[3];
    return [filtered, pointwise(filtered, outChannels, hasBias(layer))];
  },
  DepthwiseSeparableConv2D: (layer, image) => {
    const [first, second] = (layer as unknown as { parts: tf.layers.Layer[] }).parts.filter(isConvolution);
    const filtered = ordinary(first, image);
    return [filtered, pointwise(filtered, shapeOf(second, 'kernel')[3], hasBias(second))];
  },
};

/** Whether a layer is a two-dimensional convolution that {@link readConvolution} understands. */
export function isConvolution(layer: tf.layers.Layer): boolean {
  return Object.hasOwn(READERS, layer.getClassName());
}

/**
 * A convolution of a built model, to be drawn or explained: read from the shapes of its weights, and from the size of what
 * it is first applied to.
 *
 * @param name the layer's name, such as `layer1.0.conv2`
 * @throws InvalidArgumentError where the model has no two-dimensional convolution of that name (it suggests the nearest), or
 * its input size is not fixed
 *
 * @example
 * readConvolution(createModel('resnext_toy'), 'layer1.0.conv2').parameters; // 1152: 8 groups of 4 channels
 */
export function readConvolution(model: tf.LayersModel, name: string): ConvolutionForm {
  checkModel('readConvolution', model);
  checkText('layer', 'the name of a convolution', name);
  const layer = model.layers.find((one) => one.name === name && isConvolution(one));
  if (layer !== undefined) return readLayer(layer);
  const names = model.layers.filter(isConvolution).map((one) => one.name);
  const near = nearest(name, names);
  const hint = near === undefined ? '' : ` (did you mean '${near}'?)`;
  throw invalidArgument('layer', `a convolution of ${model.name}: ${listed(names, 12)}${hint}`, name);
}

/** A convolution that {@link isConvolution}, as {@link readConvolution} reads it. */
export function readLayer(layer: tf.layers.Layer): ConvolutionForm {
  const { shape } = layer.getInputAt(0) as tf.SymbolicTensor;
  const [, ...lengths] = shape;
  const isFirst = layer.getConfig().dataFormat === 'channelsFirst';
  const image = isFirst ? [lengths[1], lengths[2], lengths[0]] : lengths;
  if (image.includes(null))
    throw invalidArgument('model', `a fixed input size, which ${layer.name} needs`, shape);
  return formOf(READERS[layer.getClassName()](layer, image as unknown as Image));
}

function ordinary(layer: tf.layers.Layer, image: Image): ConvolutionStep {
  const [height, width, depth, outChannels] = shapeOf(layer, 'kernel');
  const groups = image[2] / depth;
  return step(layer, image, { outChannels, groups, kernelSize: [height, width], bias: hasBias(layer) });
}

/** A stock depthwise kernel is `[height, width, channels, multiplier]`. */
function depthwise(layer: tf.layers.Layer, image: Image, bias: boolean): ConvolutionStep {
  const [height, width, groups, multiplier] = shapeOf(layer, 'depthwise_kernel');
  return step(layer, image, { outChannels: groups * multiplier, groups, kernelSize: [height, width], bias });
}

function pointwise({ spec }: ConvolutionStep, outChannels: number, bias: boolean): ConvolutionStep {
  const size = [spec.outHeight, spec.outWidth] as const;
  return convolutionStep({ inChannels: spec.outChannels, outChannels, kernelSize: 1, size, bias });
}

function step(
  layer: tf.layers.Layer,
  [height, width, inChannels]: Image,
  weights: Omit<ConvolutionOptions, 'inChannels'>,
): ConvolutionStep {
  const { strides, dilationRate, padding } = layer as ConvolutionLayer;
  return convolutionStep({
    ...weights,
    inChannels,
    size: [height, width],
    strides: pair('strides', strides),
    dilations: pair('dilationRate', dilationRate ?? 1),
    padding,
  });
}

function hasBias(layer: tf.layers.Layer): boolean {
  return layer.weights.some(({ originalName }) => originalName.endsWith('bias'));
}

function shapeOf(layer: tf.layers.Layer, weight: string): number[] {
  const { shape } = layer.weights.find(
    ({ originalName }) => originalName === weight || originalName.endsWith(`/${weight}`),
  ) as tf.LayerVariable;
  return shape as number[];
}

import type * as tf from '@tensorflow/tfjs';

/** What one application of one layer costs, for one image. */
export interface LayerCost {
  /** Multiply-accumulates of convolutions and matrix products. */
  readonly macs: number;
  /** Elements that those convolutions and matrix products put out. */
  readonly activations: number;
}

/** A layer's shapes in one place of a model; the first entry of each is the batch. */
export interface LayerShapes {
  readonly input: readonly (number | null)[];
  readonly output: readonly (number | null)[];
}

// Every kernel of these is applied once at every position of the output …
const ONCE_A_POSITION_OF_THE_OUTPUT = new Set([
  'Conv1D',
  'Conv2D',
  'Conv3D',
  'Dense',
  'DepthwiseConv2D',
  'DepthwiseSeparableConv2D',
  'GroupedConv2D',
  'SeparableConv2D',
]);

// … and of these at every position of the input.
const ONCE_A_POSITION_OF_THE_INPUT = new Set(['Conv2DTranspose', 'Conv3DTranspose']);

// … and of these once an image: they act on averages over all positions.
const ONCE_AN_IMAGE = new Set(['SqueezeExcite']);

// These have weights and no convolution or matrix product.
const FREE = new Set(['BatchNormalization', 'Embedding', 'LayerNormalization', 'LayerScale', 'PReLU']);

const NOTHING: LayerCost = { macs: 0, activations: 0 };

/**
 * The cost of one application of `layer`, from the shapes of its built kernels; `undefined` where the layer has
 * weights and nothing is known of what it does with them.
 */
export function layerCost(layer: tf.layers.Layer, shapes: LayerShapes): LayerCost | undefined {
  const operation = unwrap(layer);
  const className = operation.getClassName();
  if (FREE.has(className) || layer.weights.length === 0) return NOTHING;
  const transposed = ONCE_A_POSITION_OF_THE_INPUT.has(className);
  const pooled = ONCE_AN_IMAGE.has(className);
  if (!transposed && !pooled && !ONCE_A_POSITION_OF_THE_OUTPUT.has(className)) return undefined;
  const outputs = pooled ? 1 : positions(shapes.output, channelAxis(operation));
  const at = transposed ? positions(shapes.input, channelAxis(operation)) : outputs;
  let macs = 0;
  let activations = 0;
  for (const { originalName, shape } of layer.weights) {
    if (!originalName.endsWith('kernel')) continue;
    macs += at * product(shape);
    activations += outputs * outputChannels(originalName, shape, transposed);
  }
  return { macs, activations };
}

/** The layer that a `TimeDistributed` one repeats; its output then has one more axis, which is one more factor. */
function unwrap(layer: tf.layers.Layer): tf.layers.Layer {
  const inner = (layer as { layer?: tf.layers.Layer }).layer;
  return layer.getClassName() === 'TimeDistributed' && inner !== undefined ? inner : layer;
}

function channelAxis(layer: tf.layers.Layer): 'first' | 'last' {
  return layer.getConfig().dataFormat === 'channelsFirst' ? 'first' : 'last';
}

function positions(shape: readonly (number | null)[], axis: 'first' | 'last'): number {
  return product(axis === 'first' ? shape.slice(2) : shape.slice(1, -1));
}

function outputChannels(weight: string, shape: readonly (number | null)[], transposed: boolean): number {
  // A stock depthwise kernel is [height, width, in, multiplier], a transposed one [height, width, out, in].
  if (weight.endsWith('depthwise_kernel')) return product(shape.slice(-2));
  return product(transposed ? shape.slice(-2, -1) : shape.slice(-1));
}

function product(shape: readonly (number | null)[]): number {
  return shape.reduce<number>((sofar, length) => sofar * (length ?? NaN), 1);
}

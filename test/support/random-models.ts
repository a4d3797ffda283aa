import * as tf from '@tensorflow/tfjs';
import { seededRandom } from '../../src/data/random';
import { batchNormalization } from '../../src/layers/batch-normalization';
import { channelShuffle } from '../../src/layers/channel-shuffle';
import { channelSlice } from '../../src/layers/channel-slice';
import { depthwiseSeparableConv2D } from '../../src/layers/depthwise-separable-conv2d';
import { dropPath } from '../../src/layers/drop-path';
import { groupedConv2D } from '../../src/layers/grouped-conv2d';
import { hardSwishLayer } from '../../src/layers/hard-swish';
import '../../src/layers/keras-activations';
import { layerScale } from '../../src/layers/layer-scale';
import { squeezeExcite } from '../../src/layers/squeeze-excite';

const { layers } = tf;

/** The `activation` of a layer, every name that tfjs and this package have. */
export const ACTIVATION_NAMES = [
  ...['elu', 'gelu', 'gelu_new', 'hardSigmoid', 'linear', 'logSoftmax', 'mish', 'relu', 'relu6', 'selu'],
  ...['sigmoid', 'softmax', 'softplus', 'softsign', 'swish', 'tanh', 'hardSilu', 'hardSigmoid3'],
] as readonly string[] as readonly 'relu'[];

/** Draws one of some. */
type Pick = <T>(choices: readonly T[]) => T;
/** A layer for values of a shape without its batch, every option drawn. */
type Draw = (pick: Pick, shape: readonly number[], name: string) => tf.layers.Layer;

const image = (...extents: readonly [number, number][]) => extents as [[number, number], [number, number]];
const both = [1, 2, 3, [1, 2], [2, 1], [3, 1]] as (number | [number, number])[];
const formats = [undefined, 'channelsLast', 'channelsLast', 'channelsFirst'] as 'channelsLast'[];
const paddings = ['same', 'valid', undefined] as ('same' | 'valid')[];
const isTrue = [true, false, undefined] as const;
const l2 = () => tf.regularizers.l2({ l2: 0.1 });
const activation = (pick: Pick) => pick([undefined, ...ACTIVATION_NAMES]);

const convolution = (pick: Pick) => ({
  kernelSize: pick<number | [number, number]>([1, 2, 3, [3, 1], [2, 4]]),
  strides: pick([1, 1, ...both]),
  dilationRate: pick([1, 1, 2, [1, 2] as [number, number]]),
  padding: pick(paddings),
  dataFormat: pick(formats),
  useBias: pick(isTrue),
  activation: activation(pick),
});
const pool = (pick: Pick) => ({
  poolSize: pick(both),
  strides: pick([undefined, ...both]) as number,
  // To tfjs anything but 'same' is 'valid'.
  padding: pick([...paddings, 'causal' as 'valid']),
  dataFormat: pick(formats),
});
const norm = (pick: Pick) => ({
  axis: pick([-1, -1, undefined, 1, 2, 3]),
  epsilon: pick([undefined, 0.1, 1e-6]),
  center: pick(isTrue),
  scale: pick(isTrue),
});
const divisors = (count: number) => [1, 2, 3, 4, 5, 6, 7, 8].filter((n) => count % n === 0);
const channels = (shape: readonly number[]) => shape.at(-1) as number;

/** Every kind of layer that a graph knows, and some that none does. */
const DRAWS: Readonly<Record<string, Draw>> = {
  conv2d: (pick, _, name) =>
    layers.conv2d({
      name,
      filters: pick([1, 4, 6]),
      kernelRegularizer: pick([undefined, l2()]),
      kernelConstraint: pick([undefined, tf.constraints.maxNorm({})]),
      ...convolution(pick),
    }),
  groupedConv2D: (pick, shape, name) =>
    groupedConv2D({
      name,
      groups: pick(divisors(channels(shape))),
      filters: channels(shape) * pick([1, 2]),
      ...convolution(pick),
      padding: pick(['same', 'valid', 1, [1, 2], image([0, 1], [2, 1])] as const),
    }),
  depthwiseConv2d: (pick, _, name) =>
    layers.depthwiseConv2d({
      name,
      depthMultiplier: pick([undefined, 1, 2]),
      ...convolution(pick),
      padding: pick([...paddings, 'causal' as 'valid']),
    }),
  separableConv2d: (pick, _, name) =>
    layers.separableConv2d({
      name,
      filters: pick([1, 5]),
      depthMultiplier: pick([undefined, 2]),
      ...convolution(pick),
    }),
  depthwiseSeparableConv2D: (pick, _, name) =>
    depthwiseSeparableConv2D({
      name,
      filters: 4,
      strides: pick([1, 2]),
      dilationRate: pick([1, 1, 2]),
      padding: pick(['same', 'valid', 1]),
      depthMultiplier: pick([1, 2]),
      batchNorm: pick([true, false, { scale: false }]),
      activation: activation(pick),
      useBias: pick(isTrue),
    }),
  dense: (pick, _, name) =>
    layers.dense({ name, units: pick([1, 3, 5]), useBias: pick(isTrue), activation: activation(pick) }),
  batchNormalization: (pick, _, name) => layers.batchNormalization({ name, ...norm(pick) }),
  'our batchNormalization': (pick, _, name) => batchNormalization({ name, ...norm(pick) }),
  layerNormalization: (pick, _, name) => {
    const axis = pick<number | number[]>([-1, -1, [-1], 1, [1, 2]]);
    return layers.layerNormalization({ name, ...norm(pick), axis } as never);
  },
  rescaling: (pick, shape, name) => {
    const byChannel = Array.from({ length: channels(shape) }, (_, i) => i - 1.5);
    const forms = [2, 0.1, [0.3], byChannel, [[byChannel]], Float32Array.from(byChannel)];
    const byRow = Array.from({ length: shape[0] }, (_, i) => [[i + 1]]);
    const offset = pick<unknown>([undefined, 0, -1, ...forms]);
    return layers.rescaling({ name, scale: pick<unknown>([...forms, byRow]), offset } as never);
  },
  activation: (pick, _, name) => layers.activation({ name, activation: pick(ACTIVATION_NAMES) }),
  reLU: (pick, _, name) =>
    layers.reLU({ name, maxValue: pick([undefined, 6, 1]), negativeSlope: 0.5, threshold: 1 } as never),
  leakyReLU: (pick, _, name) => layers.leakyReLU({ name, alpha: pick([undefined, 0, 0.2, 1.5, -0.5]) }),
  elu: (pick, _, name) => layers.elu({ name, alpha: pick([undefined, 1]) }),
  prelu: (pick, _, name) => layers.prelu({ name, sharedAxes: pick([undefined, [1]]) as number[] }),
  thresholdedReLU: (_, __, name) => layers.thresholdedReLU({ name, theta: 0.1 }),
  softmax: (pick, shape, name) =>
    layers.softmax({
      name,
      axis: pick<unknown>([-1, shape.length, [shape.length], [1, 2], undefined]) as number,
    }),
  hardSwish: (_, __, name) => hardSwishLayer({ name }),
  maxPooling2d: (pick, _, name) => layers.maxPooling2d({ name, ...pool(pick) }),
  averagePooling2d: (pick, _, name) => layers.averagePooling2d({ name, ...pool(pick) }),
  globalAveragePooling2d: (pick, _, name) =>
    layers.globalAveragePooling2d({ name, dataFormat: pick(formats), keepDims: true } as never),
  globalMaxPooling2d: (_, __, name) => layers.globalMaxPooling2d({ name } as never),
  dropout: (pick, _, name) =>
    pick([
      () => layers.dropout({ name, rate: 0.5 }),
      () => layers.gaussianNoise({ name, stddev: 1 }),
      () => layers.gaussianDropout({ name, rate: 0.5 }),
      () => layers.alphaDropout({ name, rate: 0.5 }),
      () => dropPath({ name, rate: 0.5 }),
    ])(),
  flatten: (pick, _, name) => layers.flatten({ name, dataFormat: pick(formats) }),
  reshape: (pick, shape, name) => {
    const size = shape.reduce((product, n) => product * n, 1);
    const targetShape = pick([[-1, channels(shape)], [shape[0], -1], [size], [-1], [...shape].reverse()]); // prettier-ignore
    return layers.reshape({ name, targetShape });
  },
  permute: (pick, shape, name) =>
    layers.permute({
      name,
      dims: pick(shape.length === 3 ? [[2, 1, 3], [3, 1, 2], [1, 2, 3]] : [shape.map((_, i) => shape.length - i)]), // prettier-ignore
    }),
  zeroPadding2d: (pick, _, name) =>
    layers.zeroPadding2d({
      name,
      padding: pick<never>([undefined, 1, [1, 2], image([0, 1], [2, 0])] as never[]),
      dataFormat: pick(formats),
    }),
  cropping2D: (pick, _, name) =>
    layers.cropping2D({
      name,
      cropping: pick<never>([1, [1, 2], image([0, 1], [2, 0])] as never[]),
      dataFormat: pick([...formats, null as never]),
    }),
  upSampling2d: (pick, _, name) =>
    layers.upSampling2d({ name, size: [2, 1], interpolation: pick(['nearest', 'bilinear'] as const) }),
  conv2dTranspose: (pick, _, name) => layers.conv2dTranspose({ name, ...convolution(pick), filters: 2 }),
  channelShuffle: (pick, shape, name) => channelShuffle({ name, groups: pick(divisors(channels(shape))) }),
  channelSlice: (pick, shape, name) => {
    const begin = pick([0, 1].filter((first) => first < channels(shape)));
    return channelSlice({ name, begin, size: channels(shape) - begin });
  },
  layerScale: (_, __, name) => layerScale({ name }),
  squeezeExcite: (pick, _, name) =>
    squeezeExcite({
      name,
      squeezeChannels: pick([1, 3]),
      activation: pick(['relu', 'silu'] as const),
      gate: pick(['sigmoid', 'hardSigmoid'] as const),
    }),
};
const MERGES: Readonly<Record<string, (pick: Pick, name: string) => tf.layers.Layer>> = {
  add: (_, name) => layers.add({ name }),
  multiply: (_, name) => layers.multiply({ name }),
  concatenate: (pick, name) => layers.concatenate({ name, axis: pick([undefined, -1, 1, 2, 3]) }),
};

/** The kinds of layers that models are drawn of. */
export const KINDS = [...Object.keys(DRAWS), ...Object.keys(MERGES)];

const apply = (layer: tf.layers.Layer, ...x: tf.SymbolicTensor[]) =>
  layer.apply(x.length === 1 ? x[0] : x) as tf.SymbolicTensor;

/**
 * A small model of images that has a layer of a kind, drawn with its options, and up to two others after it. Names of layers
 * start with their kind's.
 *
 * @throws Error for options that tfjs or this package refuses, of which a draw may have some
 */
export function randomModel(kind: string, seed: number): tf.LayersModel {
  const random = seededRandom(seed);
  const pick: Pick = (choices) => choices[random.below(choices.length)];
  const inputs = tf.input({ shape: pick([[5, 6, 4], [6, 6, 6], [7, 4, 3]]) }); // prettier-ignore
  let x = inputs;
  const kinds = [kind, ...Array.from({ length: random.below(3) }, () => pick(KINDS))];
  kinds.forEach((each, i) => {
    const name = `${each.replaceAll(' ', '_')}_${i}`;
    const shape = x.shape.slice(1) as number[];
    if (each in DRAWS) {
      x = apply(DRAWS[each](pick, shape, name), x);
      return;
    }
    const others = [
      x,
      layers.activation({ name: `tanh_${i}`, activation: 'tanh' }).apply(x) as tf.SymbolicTensor,
    ];
    x = apply(MERGES[each](pick, name), ...(pick(isTrue) === true ? [x, ...others] : others));
  });
  return tf.model({ inputs, outputs: x });
}

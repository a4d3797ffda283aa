import { CardinalError, nearest } from '../errors';
import { tfjsOption } from './keras-options';
import { excerpt, isKeras3, isObject, type Json, type JsonObject, type LayerEntry } from './keras-json';

/** A layer as tfjs builds it. */
export interface TfjsLayer {
  readonly className: string;
  readonly config: JsonObject;
  /**
   * What it reads of a call: its inputs by their index, and by name other layers that came of the same one. Without it, the
   * first reads all inputs, and every other the one before it.
   */
  readonly reads?: readonly (number | string)[];
}

interface LayerClass {
  /** Options that tfjs's layer takes under the same name. */
  readonly options: readonly string[];
  /** Options that change nothing of what is computed. */
  readonly inert?: readonly string[];
  /** Where tfjs's layer is not the same with the same options: what is, the last of which puts out the result. */
  readonly adapt?: (config: JsonObject, channels: number | undefined) => TfjsLayer | TfjsLayer[];
}

/** Keras divides by no less. */
const LEAST_DEVIATION = 1e-7;

/** What `Normalization` computes, `(x - mean) / deviation`, as a scale and an offset. */
export function normalisation(
  mean: readonly number[],
  variance: readonly number[],
): { scale: number[]; offset: number[] } {
  const scale = variance.map((value) => 1 / Math.max(Math.sqrt(value), LEAST_DEVIATION));
  return { scale, offset: mean.map((value, i) => -value * (scale[i] ?? scale[0])) };
}

/** The numbers in lists of lists. */
function numbersOf(json: Json): number[] {
  return Array.isArray(json) ? json.flatMap(numbersOf) : [Number(json)];
}

const COMMON = ['name', 'trainable', 'batchInputShape'];
// `dtype` is what Keras computes in; everything here is computed in float32.
const NEVER_MATTERS = ['dtype', 'autocast', 'quantizationConfig', 'activityRegularizer'];

function weighted(...weights: string[]): string[] {
  return weights.flatMap((weight) => [`${weight}Initializer`, `${weight}Regularizer`, `${weight}Constraint`]);
}

const CONVOLUTION = [
  'kernelSize',
  'strides',
  'padding',
  'dataFormat',
  'dilationRate',
  'activation',
  'useBias',
];
const POOLING = ['poolSize', 'strides', 'padding', 'dataFormat'];

/** Augmentation of images, which changes nothing of what is predicted. */
const AUGMENTATION: LayerClass = {
  options: [],
  inert: [
    ...['factor', 'valueRange', 'fillMode', 'fillValue', 'interpolation', 'seed', 'dataFormat'],
    ...['mode', 'heightFactor', 'widthFactor'],
  ],
  adapt: ({ name, trainable }) => identity(name, trainable),
};

/** The layers that a Keras file may have; no other class is built. */
const CLASSES: Readonly<Record<string, LayerClass>> = {
  Activation: { options: ['activation'] },
  Add: { options: [] },
  Average: { options: [] },
  AveragePooling2D: { options: POOLING },
  BatchNormalization: {
    options: [
      'axis',
      'momentum',
      'epsilon',
      'center',
      'scale',
      ...weighted('gamma', 'beta'),
      'movingMeanInitializer',
      'movingVarianceInitializer',
    ],
    inert: ['synchronized', 'renormMomentum', 'virtualBatchSize', 'fused'],
    adapt: (config) => ({
      className: 'BatchNormalization',
      config: { ...config, axis: oneAxis(config.axis) },
    }),
  },
  Concatenate: { options: ['axis'] },
  Conv2D: {
    options: ['filters', 'groups', ...CONVOLUTION, ...weighted('kernel', 'bias')],
    adapt: ({ groups = 1, ...config }) =>
      groups === 1
        ? { className: 'Conv2D', config }
        : { className: 'GroupedConv2D', config: { ...config, groups } },
  },
  Dense: { options: ['units', 'activation', 'useBias', ...weighted('kernel', 'bias')], inert: ['loraRank'] },
  DepthwiseConv2D: {
    options: ['depthMultiplier', ...CONVOLUTION, ...weighted('depthwise', 'bias')],
    // Keras 2 writes those of an ordinary convolution too, and never uses them.
    inert: [...weighted('kernel'), 'groups', 'filters'],
    adapt: (config) => {
      const { dilationRate = 1 } = config;
      const isDilated = [dilationRate].flat().some((rate) => rate !== 1);
      if (isDilated) throw refused('dilationRate', '1, the only one that tfjs computes', dilationRate);
      return { className: 'DepthwiseConv2D', config };
    },
  },
  Dropout: { options: ['rate', 'noiseShape', 'seed'] },
  ELU: {
    options: ['alpha'],
    adapt: (config) => {
      const { alpha = 1 } = config;
      if (alpha !== 1) throw refused('alpha', '1, the only one that tfjs computes', alpha);
      return { className: 'ELU', config };
    },
  },
  Flatten: { options: ['dataFormat'] },
  GlobalAveragePooling2D: {
    options: ['dataFormat', 'keepdims'],
    adapt: keepingAxes('GlobalAveragePooling2D'),
  },
  GlobalMaxPooling2D: { options: ['dataFormat', 'keepdims'], adapt: keepingAxes('GlobalMaxPooling2D') },
  Identity: { options: [], adapt: ({ name, trainable }) => identity(name, trainable) },
  InputLayer: {
    options: ['batchShape', 'shape', 'dtype'],
    inert: ['sparse', 'ragged', 'optional'],
    adapt: ({ batchShape, shape, batchInputShape, dtype, name }) => {
      const whole = batchShape ?? batchInputShape ?? (Array.isArray(shape) ? [null, ...shape] : undefined);
      if (!Array.isArray(whole)) throw refused('batch_shape', 'a shape', whole ?? null);
      const isWhole = typeof dtype === 'string' && /^u?int/.test(dtype);
      const config = { batchInputShape: whole, name, dtype: isWhole ? 'int32' : 'float32', sparse: false };
      return { className: 'InputLayer', config };
    },
  },
  LayerNormalization: {
    options: ['axis', 'epsilon', 'center', 'scale', ...weighted('gamma', 'beta')],
  },
  LeakyReLU: {
    options: ['alpha', 'negativeSlope'],
    adapt: ({ negativeSlope, alpha, ...config }) => ({
      className: 'LeakyReLU',
      config: { ...config, alpha: alpha ?? negativeSlope ?? 0.3 },
    }),
  },
  MaxPooling2D: { options: POOLING },
  Maximum: { options: [] },
  Minimum: { options: [] },
  Multiply: { options: [] },
  Normalization: {
    options: ['axis', 'mean', 'variance', 'invert'],
    adapt: ({ axis = -1, mean = null, variance = null, invert, ...config }) => {
      if (invert === true) throw refused('invert', 'false', true);
      const axes = [axis].flat();
      if (axes.length > 1 || ![-1, 3, undefined, null].includes(axes[0] as number | null | undefined)) {
        throw refused('axis', '-1 or none', axis);
      }
      // A layer that was adapted has them among its weights: see assignKerasWeights.
      const isGiven = mean !== null && variance !== null;
      const scaling = isGiven ? normalisation(numbersOf(mean), numbersOf(variance)) : { scale: 1, offset: 0 };
      return { className: 'Rescaling', config: { ...config, ...scaling } };
    },
  },
  Permute: { options: ['dims'] },
  ReLU: {
    options: ['maxValue', 'negativeSlope', 'threshold'],
    adapt: ({ maxValue = null, negativeSlope, threshold, ...config }) => {
      if (threshold) throw refused('threshold', '0', threshold);
      if (!negativeSlope) return { className: 'ReLU', config: { ...config, maxValue } };
      if (maxValue !== null) throw refused('negative_slope', '0 where max_value is given', negativeSlope);
      return { className: 'LeakyReLU', config: { ...config, alpha: negativeSlope } };
    },
  },
  Rescaling: { options: ['scale', 'offset'] },
  Reshape: { options: ['targetShape'] },
  RandomBrightness: AUGMENTATION,
  RandomContrast: AUGMENTATION,
  RandomFlip: AUGMENTATION,
  RandomRotation: AUGMENTATION,
  RandomTranslation: AUGMENTATION,
  RandomZoom: AUGMENTATION,
  SeparableConv2D: {
    options: ['filters', 'depthMultiplier', ...CONVOLUTION, ...weighted('depthwise', 'pointwise', 'bias')],
    inert: [...weighted('kernel'), 'groups'],
  },
  Softmax: { options: ['axis'] },
  Subtract: {
    options: [],
    adapt: ({ name }) => difference(String(name)),
  },
  ZeroPadding2D: { options: ['padding', 'dataFormat'] },
};

/** The classes of layers that a Keras file may have. */
export const KERAS_LAYERS: readonly string[] = Object.keys(CLASSES);

/**
 * One layer of a Keras config as tfjs builds it; now and then several, of which one has the name and the weights.
 *
 * @param channels of its input, where the config tells them
 * @throws CardinalError for a class that is not on the list and for an option that tfjs cannot keep
 */
export function tfjsLayers(entry: LayerEntry, channels: number | undefined): TfjsLayer[] {
  const { className, config } = entry;
  if (!Object.hasOwn(CLASSES, className)) {
    const near = nearest(className, KERAS_LAYERS);
    const hint = near === undefined ? '' : ` (the nearest that is: ${near})`;
    throw new CardinalError(`its class is not among those that are loaded${hint}`);
  }
  const { options, inert = [], adapt } = CLASSES[className];
  const known: JsonObject = {};
  for (const [option, value] of Object.entries(config)) {
    if (COMMON.includes(option) || options.includes(option)) {
      const converted = tfjsOption(option, value, isKeras3(entry));
      if (converted !== undefined) known[option] = converted;
    } else if (
      !inert.includes(option) &&
      !NEVER_MATTERS.includes(option) &&
      value !== null &&
      value !== false
    ) {
      throw refused(option, 'an option that is known', value);
    }
  }
  return [adapt?.(known, channels) ?? { className, config: known }].flat();
}

function identity(name: Json | undefined, trainable: Json = true): TfjsLayer {
  return { className: 'Activation', config: { name: name ?? null, trainable, activation: 'linear' } };
}

/** The first input without the second; tfjs has no layer for that. */
export function difference(name: string): TfjsLayer[] {
  const negated = `${name}_negated`;
  return [
    { className: 'Rescaling', config: { name: negated, scale: -1, offset: 0 }, reads: [1] },
    { className: 'Add', config: { name }, reads: [0, negated] },
  ];
}

export function refused(option: string, expected: string, received: Json): CardinalError {
  return new CardinalError(`${option}: expected ${expected}. Received: ${excerpt(received)}`);
}

/** Keras 2 has a list of one axis here. */
function oneAxis(axis: Json | undefined): Json {
  const axes = [axis ?? -1].flat();
  if (axes.length !== 1) throw refused('axis', 'one axis', axes);
  return axes[0];
}

/** tfjs's pooling drops height and width; a reshape puts them back. */
function keepingAxes(className: string): NonNullable<LayerClass['adapt']> {
  return ({ keepdims, ...config }, channels) => {
    if (keepdims !== true) return { className, config };
    if (channels === undefined) throw refused('keepdims', 'false where no shape is told', keepdims);
    const isLast = config.dataFormat !== 'channels_first' && config.dataFormat !== 'channelsFirst';
    const targetShape = isLast ? [1, 1, channels] : [channels, 1, 1];
    const name = `${String(config.name)}_keepdims`;
    return [
      { className, config },
      { className: 'Reshape', config: { name, targetShape } },
    ];
  };
}

/** The channels of a layer's input, from the shapes that Keras 3 writes down. */
export function inputChannels(
  entry: LayerEntry,
  shape: readonly (number | null)[] | undefined,
): number | undefined {
  const { buildConfig, config } = entry;
  const built = isObject(buildConfig ?? null) ? (buildConfig as JsonObject).inputShape : undefined;
  const known = shape !== undefined && shape.length > 0 ? shape : Array.isArray(built) ? built : [];
  const isFirst = config.dataFormat === 'channels_first' || config.dataFormat === 'channelsFirst';
  const channels = isFirst ? known[1] : known.at(-1);
  return typeof channels === 'number' ? channels : undefined;
}

import * as tf from '@tensorflow/tfjs';
import { batchNormalization } from '../../src/layers/batch-normalization';
import { channelShuffle } from '../../src/layers/channel-shuffle';
import { channelSlice } from '../../src/layers/channel-slice';
import { constantOperand } from '../../src/layers/constant-operand';
import { depthwiseSeparableConv2D } from '../../src/layers/depthwise-separable-conv2d';
import { dropPath } from '../../src/layers/drop-path';
import { elementFunction } from '../../src/layers/element-function';
import { groupedConv2D } from '../../src/layers/grouped-conv2d';
import { hardSwishLayer } from '../../src/layers/hard-swish';
import { layerScale } from '../../src/layers/layer-scale';
import { squeezeExcite } from '../../src/layers/squeeze-excite';
import { takePositions } from '../../src/layers/take-positions';

/** What the conformance suite needs to know of a layer. */
export interface LayerCase {
  readonly className: string;
  make(args: object): tf.layers.Layer;
  /** The least that the layer can be made with. */
  readonly required: object;
  /** Every option, none at its default, besides `name`, `trainable` and `inputShape`, which the suite adds. */
  readonly options: object;
  /** Options that tfjs saves, but with which it refuses to call a layer. */
  readonly savedOnly?: object;
  /** What `options` must have otherwise for a step to train every weight. */
  readonly training?: object;
  /** Of one image. */
  readonly inputShape: readonly number[];
  /** Of one image, with `options`; several where there are several outputs. */
  readonly outputShapes: readonly (readonly number[])[];
  /** Of the weights with `options` and `training`, in order: name within the layer and shape. */
  readonly weights: Readonly<Record<string, readonly number[]>>;
  /** Weights whose gradient is 0 by nature, and statistics, which a step moves without one. */
  readonly withoutGradient?: readonly string[];
}

function define<Args extends object, Required extends Partial<Args>>(
  layer: Omit<LayerCase, 'make' | 'required' | 'options' | 'savedOnly' | 'training'> & {
    make: (args: Args) => tf.layers.Layer;
    required: Required;
    options: Omit<{ [Option in keyof Args]-?: unknown }, keyof BaseOptions | 'activityRegularizer'> &
      Partial<Args>;
    savedOnly?: Partial<Args>;
    training?: Partial<Args>;
  },
): LayerCase {
  return layer as unknown as LayerCase;
}

type BaseOptions = NonNullable<ConstructorParameters<typeof tf.layers.Layer>[0]> & { weights: unknown };

const kernels = {
  kernelInitializer: tf.initializers.randomNormal({ stddev: 0.5, seed: 7 }),
  biasInitializer: tf.initializers.randomUniform({ minval: 0.2, maxval: 0.4, seed: 8 }),
  kernelRegularizer: tf.regularizers.l1l2({ l1: 0.01, l2: 0.02 }),
  biasRegularizer: tf.regularizers.l2({ l2: 0.03 }),
  kernelConstraint: tf.constraints.maxNorm({ maxValue: 30, axis: 0 }),
  biasConstraint: tf.constraints.minMaxNorm({ minValue: 0, maxValue: 50 }),
};

export const LAYER_CASES: readonly LayerCase[] = [
  define({
    className: 'GroupedConv2D',
    make: groupedConv2D,
    required: { filters: 2, kernelSize: 1 },
    options: {
      ...kernels,
      filters: 8,
      kernelSize: [3, 2],
      strides: [2, 1],
      padding: [[1, 0], [0, 2]],
      dataFormat: 'channelsFirst',
      dilationRate: [1, 2],
      groups: 4,
      implementation: 'split-concat',
      activation: 'tanh',
      useBias: false,
    }, // prettier-ignore
    savedOnly: { activityRegularizer: tf.regularizers.l2({ l2: 0.04 }) },
    training: { useBias: true },
    inputShape: [8, 9, 7],
    outputShapes: [[8, 4, 7]],
    weights: { kernel: [3, 2, 2, 8], bias: [8] },
  }),
  define({
    className: 'BatchNormalization',
    make: batchNormalization,
    required: {},
    options: {
      axis: 3,
      momentum: 0.6,
      epsilon: 0.02,
      center: false,
      scale: false,
      betaInitializer: tf.initializers.constant({ value: 0.3 }),
      gammaInitializer: tf.initializers.constant({ value: 1.5 }),
      movingMeanInitializer: tf.initializers.constant({ value: 0.7 }),
      movingVarianceInitializer: tf.initializers.constant({ value: 2 }),
      betaRegularizer: tf.regularizers.l2({ l2: 0.1 }),
      gammaRegularizer: tf.regularizers.l2({ l2: 0.2 }),
      betaConstraint: tf.constraints.nonNeg(),
      gammaConstraint: tf.constraints.maxNorm({ maxValue: 4, axis: 0 }),
    },
    training: { center: true, scale: true },
    inputShape: [5, 4, 3],
    outputShapes: [[5, 4, 3]],
    weights: { gamma: [3], beta: [3], moving_mean: [3], moving_variance: [3] },
    withoutGradient: ['moving_mean', 'moving_variance'],
  }),
  define({
    className: 'DepthwiseSeparableConv2D',
    make: depthwiseSeparableConv2D,
    required: { filters: 2 },
    options: {
      filters: 5,
      kernelSize: [3, 5],
      strides: [2, 1],
      padding: [1, 2],
      dilationRate: [1, 2],
      depthMultiplier: 2,
      dataFormat: 'channelsLast',
      batchNorm: { momentum: 0.5, epsilon: 0.01, gammaInitializer: tf.initializers.constant({ value: 2 }) },
      depthwiseBatchNorm: false,
      activation: 'sigmoid',
      depthwiseActivation: 'tanh',
      useBias: true,
      implementation: 'split-concat',
      depthwiseInitializer: tf.initializers.randomNormal({ stddev: 0.3, seed: 1 }),
      pointwiseInitializer: tf.initializers.randomNormal({ stddev: 0.4, seed: 2 }),
      biasInitializer: tf.initializers.constant({ value: 0.2 }),
      depthwiseRegularizer: tf.regularizers.l2({ l2: 0.1 }),
      pointwiseRegularizer: tf.regularizers.l2({ l2: 0.2 }),
      biasRegularizer: tf.regularizers.l1({ l1: 0.3 }),
      depthwiseConstraint: tf.constraints.maxNorm({ maxValue: 30, axis: 0 }),
      pointwiseConstraint: tf.constraints.maxNorm({ maxValue: 40, axis: 0 }),
      biasConstraint: tf.constraints.nonNeg(),
    },
    training: { strides: 1, dilationRate: 1 },
    inputShape: [7, 9, 4],
    outputShapes: [[4, 5, 5]],
    weights: {
      'depthwise/kernel': [3, 5, 1, 8],
      'depthwise/bias': [8],
      'pointwise/kernel': [1, 1, 8, 5],
      'pointwise/bias': [5],
      'pointwise_bn/gamma': [5],
      'pointwise_bn/beta': [5],
      'pointwise_bn/moving_mean': [5],
      'pointwise_bn/moving_variance': [5],
    },
    // The norm after it takes away whatever that bias adds.
    withoutGradient: ['pointwise/bias', 'pointwise_bn/moving_mean', 'pointwise_bn/moving_variance'],
  }),
  define({
    className: 'ChannelShuffle',
    make: channelShuffle,
    required: { groups: 1 },
    options: { groups: 2 },
    inputShape: [3, 4, 6],
    outputShapes: [[3, 4, 6]],
    weights: {},
  }),
  define({
    className: 'ChannelSlice',
    make: channelSlice,
    required: { begin: 0, size: 1 },
    options: { begin: 1, size: 3 },
    inputShape: [3, 4, 6],
    outputShapes: [[3, 4, 3]],
    weights: {},
  }),
  define({
    className: 'SqueezeExcite',
    make: squeezeExcite,
    required: { squeezeChannels: 1 },
    options: { ...kernels, squeezeChannels: 3, activation: 'silu', gate: 'hardSigmoid' },
    inputShape: [4, 5, 6],
    outputShapes: [[4, 5, 6]],
    weights: { 'fc1/kernel': [1, 1, 6, 3], 'fc1/bias': [3], 'fc2/kernel': [1, 1, 3, 6], 'fc2/bias': [6] },
  }),
  define({
    className: 'DropPath',
    make: dropPath,
    required: { rate: 0 },
    options: { rate: 0.4, seed: 5 },
    inputShape: [3, 4, 2],
    outputShapes: [[3, 4, 2]],
    weights: {},
  }),
  define({
    className: 'LayerScale',
    make: layerScale,
    required: {},
    options: {
      initialValue: 0.5,
      regularizer: tf.regularizers.l1({ l1: 0.1 }),
      constraint: tf.constraints.nonNeg(),
    },
    inputShape: [3, 4, 5],
    outputShapes: [[3, 4, 5]],
    weights: { layer_scale: [5] },
  }),
  define({
    className: 'HardSwish',
    make: hardSwishLayer,
    required: {},
    options: {},
    inputShape: [3, 4, 5],
    outputShapes: [[3, 4, 5]],
    weights: {},
  }),
  define({
    className: 'ConstantOperand',
    make: constantOperand,
    required: { operation: 'add', shape: [] },
    options: { operation: 'divide', shape: [4, 1], constantFirst: true },
    // Nothing that is drawn may be near 0 and divided by.
    training: { operation: 'subtract' },
    inputShape: [3, 4, 5],
    outputShapes: [[3, 4, 5]],
    weights: { constant: [4, 1] },
  }),
  define({
    className: 'ElementFunction',
    make: elementFunction,
    required: { function: 'abs' },
    options: { function: 'selu', alpha: 1.5, gamma: 0.7, minimum: -2, maximum: 3 },
    // It has no corner, which finite differences would cut.
    training: { function: 'tanhGelu' },
    inputShape: [3, 4, 5],
    outputShapes: [[3, 4, 5]],
    weights: {},
  }),
  define({
    className: 'TakePositions',
    make: takePositions,
    required: { axis: 1, positions: [0] },
    options: { axis: 2, positions: [3, -1, 0, 0, 1, 2], fill: 0.5 },
    inputShape: [3, 4, 5],
    outputShapes: [[3, 6, 5]],
    weights: {},
  }),
];

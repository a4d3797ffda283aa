import * as tf from '@tensorflow/tfjs';
import { checkOptions, type OptionNames } from '../check-options';
import { check } from '../errors';
import { type Padding } from '../ops/conv-spec';
import { type Implementation } from '../ops/strategies';
import { BATCH_NORM_OPTIONS, batchNormalization } from './batch-normalization';
import { groupedConv2D } from './grouped-conv2d';
import { checkedArgs, LAYER_OPTIONS, type LayerArgs } from './layer-args';
import { oneInput, oneShape } from './one-input';

type Conv2DArgs = Parameters<typeof tf.layers.conv2d>[0];
type Initializer = Conv2DArgs['kernelInitializer'];
type Regularizer = Conv2DArgs['kernelRegularizer'];
type Constraint = Conv2DArgs['kernelConstraint'];
type Activation = Conv2DArgs['activation'];

/** Batch norm's options, as `tf.layers.batchNormalization` takes them. */
export type BatchNormConfig = Omit<NonNullable<Parameters<typeof tf.layers.batchNormalization>[0]>, 'name'>;

/** Options of {@link DepthwiseSeparableConv2D}. */
export interface DepthwiseSeparableConv2DConfig extends LayerArgs {
  /** Channels that the pointwise convolution puts out. */
  filters: number;
  /** Size of the depthwise convolution; 3 by default. */
  kernelSize?: number | [height: number, width: number];
  /** Stride of the depthwise convolution; 1 by default. */
  strides?: number | [number, number];
  /** Padding of the depthwise convolution; `'valid'` by default, as in Keras. */
  padding?: Padding;
  /** Dilation of the depthwise convolution; 1 by default. */
  dilationRate?: number | [number, number];
  /** Depthwise outputs for each input channel; 1 by default. */
  depthMultiplier?: number;
  /** Batch norm after the pointwise convolution: `true`, or its options. `false` by default. */
  batchNorm?: boolean | BatchNormConfig;
  /** Batch norm after the depthwise convolution; that of `batchNorm` by default. */
  depthwiseBatchNorm?: boolean | BatchNormConfig;
  /** Activation at the end; none by default. */
  activation?: Activation;
  /** Activation between the two convolutions; that of `activation` by default. `'linear'` is none. */
  depthwiseActivation?: Activation;
  /** Whether each convolution has a bias. By default it has one where no batch norm follows. */
  useBias?: boolean;
  /** How the depthwise convolution is computed; `'auto'` by default. */
  implementation?: Implementation;
  depthwiseInitializer?: Initializer;
  pointwiseInitializer?: Initializer;
  biasInitializer?: Initializer;
  depthwiseRegularizer?: Regularizer;
  pointwiseRegularizer?: Regularizer;
  biasRegularizer?: Regularizer;
  depthwiseConstraint?: Constraint;
  pointwiseConstraint?: Constraint;
  biasConstraint?: Constraint;
  /** `'channelsLast'`, the one that there is. */
  dataFormat?: 'channelsLast';
}

const OPTIONS = [
  'filters',
  'kernelSize',
  'strides',
  'padding',
  'dilationRate',
  'depthMultiplier',
  'batchNorm',
  'depthwiseBatchNorm',
  'activation',
  'depthwiseActivation',
  'useBias',
  'implementation',
  'depthwiseInitializer',
  'pointwiseInitializer',
  'biasInitializer',
  'depthwiseRegularizer',
  'pointwiseRegularizer',
  'biasRegularizer',
  'depthwiseConstraint',
  'pointwiseConstraint',
  'biasConstraint',
  'dataFormat',
] as const satisfies readonly (keyof DepthwiseSeparableConv2DConfig)[];

type OwnOption = (typeof OPTIONS)[number];

const OPTION_NAMES: OptionNames<DepthwiseSeparableConv2DConfig> = {
  ...(Object.fromEntries(OPTIONS.map((name) => [name, true])) as Record<OwnOption, true>),
  ...LAYER_OPTIONS,
};

/**
 * A depthwise convolution, which filters each channel alone, then a 1x1 convolution, which mixes them; each with batch
 * norm and an activation where wanted. Input `[batch, height, width, in]`, output `[batch, height', width', filters]`.
 *
 * It costs `kernel² · in + in · filters` multiply-accumulates a position, against `kernel² · in · filters` of one
 * ordinary convolution. `tf.layers.separableConv2d` has nothing between the two, and MobileNet needs something there.
 *
 * The weights are those of its parts: `depthwise/kernel` (`[height, width, 1, in · depthMultiplier]`), `depthwise_bn/…`,
 * `pointwise/kernel` (`[1, 1, in · depthMultiplier, filters]`) and `pointwise_bn/…`, after the layer's own name.
 *
 * Source: Howard et al., "MobileNets", arXiv:1704.04861, figure 3.
 */
export class DepthwiseSeparableConv2D extends tf.layers.Layer {
  static readonly className = 'DepthwiseSeparableConv2D';
  /** The layers that it is made of, in the order of the forward pass; none before it is built. */
  parts: readonly tf.layers.Layer[] = [];
  private readonly config: DepthwiseSeparableConv2DConfig;
  private weightsComeLater = false;

  constructor(config: DepthwiseSeparableConv2DConfig) {
    super(checkedArgs('DepthwiseSeparableConv2D', config, OPTION_NAMES));
    const whole = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 1;
    check(whole(config.filters), 'filters', 'a whole number of at least 1', config.filters);
    const { depthMultiplier = 1 } = config;
    check(whole(depthMultiplier), 'depthMultiplier', 'a whole number of at least 1', depthMultiplier);
    const { dataFormat = 'channelsLast' } = config;
    check(dataFormat === 'channelsLast', 'dataFormat', "'channelsLast', the one that there is", dataFormat);
    checkNorm('batchNorm', config.batchNorm);
    checkNorm('depthwiseBatchNorm', config.depthwiseBatchNorm);
    this.config = config;
    this.inputSpec = [new tf.InputSpec({ ndim: 4 })];
    // Whatever is wrong with the other options shows here and not first when the layer meets an input.
    this.makeParts(1);
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = oneShape(inputShape);
    const channels = shape[3];
    check(channels != null, 'inputShape', 'a known number of channels', shape);
    this.inputSpec = [new tf.InputSpec({ ndim: 4, axes: { 3: channels } })];
    this.parts = this.makeParts(channels);
    // Applied to a symbol, each part builds its weights under its own name within this layer's.
    let x = tf.input({ batchShape: shape, name: `${this.name}_input` });
    for (const part of this.parts) {
      part.setFastWeightInitDuringBuild(this.weightsComeLater);
      x = part.apply(x) as tf.SymbolicTensor;
      this.addLoss(part.losses);
    }
    // With the weights in its own lists, whatever tfjs does with a layer's weights it does with these.
    this.trainableWeights = this.parts.flatMap((part) => part.trainableWeights);
    this.nonTrainableWeights = this.parts.flatMap((part) => part.nonTrainableWeights);
    this.freezeParts();
    this.built = true;
  }

  override get trainable(): boolean {
    return super.trainable;
  }

  /** Holds for its parts too: batch norms among them that are not trainable keep their moving statistics. */
  override set trainable(trainable: boolean) {
    super.trainable = trainable;
    this.freezeParts();
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    return tf.tidy(() => {
      let x = oneInput(inputs);
      for (const part of this.parts) x = part.apply(x, kwargs) as tf.Tensor;
      return x;
    });
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const shape = oneShape(inputShape);
    const parts = this.parts.length > 0 ? this.parts : this.makeParts(shape[3] as number);
    return parts.reduce((sofar, part) => part.computeOutputShape(sofar) as tf.Shape, shape);
  }

  override setFastWeightInitDuringBuild(value: boolean): void {
    super.setFastWeightInitDuringBuild(value);
    this.weightsComeLater = value;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const own = OPTIONS.filter((option) => this.config[option] !== undefined);
    const options = Object.fromEntries(own.map((option) => [option, this.config[option]]));
    const asJson = mapOptions(options, (instance) => ({
      className: instance.getClassName(),
      config: instance.getConfig(),
    }));
    return { ...super.getConfig(), ...(asJson as tf.serialization.ConfigDict) };
  }

  private freezeParts(): void {
    for (const part of this.parts) part.trainable = this.trainable;
  }

  private makeParts(channels: number): tf.layers.Layer[] {
    // A copy, because tfjs writes into the plain objects that describe initialisers and their like.
    const config = mapOptions(this.config, (instance) => instance);
    const { filters, kernelSize = 3, depthMultiplier = 1, batchNorm = false, activation } = config;
    const { depthwiseBatchNorm = batchNorm, depthwiseActivation = activation } = config;
    const bias = {
      biasInitializer: config.biasInitializer,
      biasRegularizer: config.biasRegularizer,
      biasConstraint: config.biasConstraint,
    };
    return [
      groupedConv2D({
        name: 'depthwise',
        filters: channels * depthMultiplier,
        groups: channels,
        kernelSize,
        strides: config.strides ?? 1,
        padding: config.padding ?? 'valid',
        dilationRate: config.dilationRate ?? 1,
        implementation: config.implementation,
        useBias: config.useBias ?? depthwiseBatchNorm === false,
        kernelInitializer: config.depthwiseInitializer,
        kernelRegularizer: config.depthwiseRegularizer,
        kernelConstraint: config.depthwiseConstraint,
        ...bias,
      }),
      ...normAndActivation('depthwise', depthwiseBatchNorm, depthwiseActivation),
      groupedConv2D({
        name: 'pointwise',
        filters,
        kernelSize: 1,
        useBias: config.useBias ?? batchNorm === false,
        kernelInitializer: config.pointwiseInitializer,
        kernelRegularizer: config.pointwiseRegularizer,
        kernelConstraint: config.pointwiseConstraint,
        ...bias,
      }),
      ...normAndActivation('pointwise', batchNorm, activation),
    ];
  }
}

tf.serialization.registerClass(DepthwiseSeparableConv2D);

/**
 * A depthwise convolution and a 1x1 convolution, each with batch norm and an activation where wanted.
 *
 * @throws InvalidArgumentError for an option out of range
 *
 * @example
 * // A block of MobileNet V1.
 * const block = depthwiseSeparableConv2D({ filters: 64, padding: 'same', batchNorm: true, activation: 'relu' });
 */
export function depthwiseSeparableConv2D(config: DepthwiseSeparableConv2DConfig): DepthwiseSeparableConv2D {
  return new DepthwiseSeparableConv2D(config);
}

function checkNorm(option: string, norm: unknown): void {
  if (norm !== undefined && typeof norm !== 'boolean') checkOptions(option, norm, BATCH_NORM_OPTIONS);
}

function normAndActivation(
  name: string,
  batchNorm: boolean | BatchNormConfig,
  activation: Activation | undefined | null,
): tf.layers.Layer[] {
  const parts: tf.layers.Layer[] = [];
  if (batchNorm !== false) {
    const options = batchNorm === true ? {} : batchNorm;
    parts.push(batchNormalization({ ...options, name: `${name}_bn` }));
  }
  if (activation != null) parts.push(tf.layers.activation({ activation, name: `${name}_activation` }));
  return parts;
}

/** A copy of options, with what `replace` makes of each initialiser, regulariser and constraint at any depth. */
function mapOptions<T>(options: T, replace: (instance: tf.serialization.Serializable) => unknown): T {
  if (options instanceof tf.serialization.Serializable) return replace(options) as T;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return options;
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key, mapOptions(value, replace)]),
  ) as T;
}

import * as tf from '@tensorflow/tfjs';
import type { OptionNames } from '../check-options';
import { check } from '../errors';
import { checkedArgs, LAYER_OPTIONS, type LayerArgs } from './layer-args';
import { channelsOf, oneInput, oneShape } from './one-input';
import { stockConv2D, type StockConv2DArgs } from './stock-conv2d';

/** Options of {@link layerScale}. */
export interface LayerScaleArgs extends LayerArgs {
  /** What each channel's factor starts from; 1e-6 by default. */
  initialValue?: number;
  /** Of the factors; none by default. */
  regularizer?: StockConv2DArgs['kernelRegularizer'];
  /** Of the factors; none by default. */
  constraint?: StockConv2DArgs['kernelConstraint'];
}

const OPTION_NAMES: OptionNames<LayerScaleArgs> = {
  initialValue: true,
  regularizer: true,
  constraint: true,
  ...LAYER_OPTIONS,
};

/**
 * Multiplies each channel by a weight of its own.
 *
 * Input and output `[batch, …, channels]`; the weight is `layer_scale` `[channels]`. It is registered for saving and
 * loading under the class name `LayerScale`.
 *
 * Source: Touvron et al., "Going deeper with image transformers", arXiv:2103.17239.
 */
export class LayerScale extends tf.layers.Layer {
  static readonly className = 'LayerScale';

  readonly initialValue: number;
  private readonly stock: ReturnType<typeof stockConv2D>;
  private scale!: tf.LayerVariable;

  constructor(args: LayerScaleArgs = {}) {
    super(checkedArgs('LayerScale', args, OPTION_NAMES));
    const { initialValue = 1e-6, regularizer, constraint } = args;
    check(Number.isFinite(initialValue), 'initialValue', 'a number', initialValue);
    this.initialValue = initialValue;
    this.stock = stockConv2D({
      filters: 1,
      kernelSize: 1,
      kernelRegularizer: regularizer,
      kernelConstraint: constraint,
    });
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = channelsOf(inputShape, this.name);
    const { kernelRegularizer, kernelConstraint } = this.stock;
    const initializer = tf.initializers.constant({ value: this.initialValue });
    this.scale = this.addWeight(
      'layer_scale',
      [channels],
      undefined,
      initializer,
      kernelRegularizer,
      true,
      kernelConstraint,
    );
    this.inputSpec = [new tf.InputSpec({ axes: { [oneShape(inputShape).length - 1]: channels } })];
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => tf.mul(oneInput(inputs), this.scale.read()));
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return oneShape(inputShape);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { kernelRegularizer, kernelConstraint } = this.stock.getConfig();
    return {
      ...super.getConfig(),
      initialValue: this.initialValue,
      regularizer: kernelRegularizer,
      constraint: kernelConstraint,
    };
  }
}

tf.serialization.registerClass(LayerScale);

/**
 * A layer that multiplies each channel by a weight of its own.
 *
 * @throws InvalidArgumentError for an initial value that is no number and, when it is built, for unknown channels
 *
 * @example
 * // At the end of a ConvNeXt block's branch, before it is added to the shortcut.
 * const y = layerScale({ initialValue: 1e-6 }).apply(branch);
 */
export function layerScale(args: LayerScaleArgs = {}): LayerScale {
  return new LayerScale(args);
}

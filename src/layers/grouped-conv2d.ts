import * as tf from '@tensorflow/tfjs';
import type { OptionNames } from '../check-options';
import { check, invalidArgument } from '../errors';
import {
  checkGroups,
  checkPadding,
  outputLength,
  pair,
  resolvePadding,
  type Padding,
} from '../ops/conv-spec';
import { groupedConv2d } from '../ops/grouped-conv2d';
import { type Implementation } from '../ops/strategies';
import { checkImplementation } from '../ops/strategies/choose';
import '../backends/register-kernels';
import { checkedArgs, LAYER_OPTIONS } from './layer-args';
import { oneInput, oneShape } from './one-input';
import { stockConv2D, type StockConv2DArgs } from './stock-conv2d';

/** Options of {@link groupedConv2D}: those of `tf.layers.conv2d`, with more paddings, `groups` and `implementation`. */
export interface GroupedConv2DArgs extends Omit<StockConv2DArgs, 'padding'> {
  /** `'valid'` (the default), `'same'`, a number a side as in PyTorch, or zeros for each side. */
  padding?: Padding;
  /** Groups that input channels and filters are divided into; 1 by default, the input channels for a depthwise one. */
  groups?: number;
  /** How to compute it; `'auto'` by default. It changes speed, never results. */
  implementation?: Implementation;
}

const OPTION_NAMES: OptionNames<GroupedConv2DArgs> = {
  filters: true,
  kernelSize: true,
  groups: true,
  strides: true,
  padding: true,
  dilationRate: true,
  dataFormat: true,
  activation: true,
  useBias: true,
  implementation: true,
  kernelInitializer: true,
  kernelRegularizer: true,
  kernelConstraint: true,
  biasInitializer: true,
  biasRegularizer: true,
  biasConstraint: true,
  activityRegularizer: true,
  ...LAYER_OPTIONS,
};

/**
 * Grouped 2-D convolution as a layer: Keras's `Conv2D` with its `groups`, which `tf.layers.conv2d` lacks.
 *
 * Input `[batch, height, width, channels]` (or channels first, by `dataFormat`); weights `kernel`
 * `[kernelHeight, kernelWidth, channels / groups, filters]` and `bias` `[filters]`. It is registered for saving and
 * loading under the class name `GroupedConv2D`.
 */
export class GroupedConv2D extends tf.layers.Layer {
  static readonly className = 'GroupedConv2D';

  readonly groups: number;
  readonly implementation: Implementation;
  readonly padding: Padding;
  readonly kernelSize: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilationRate: readonly [number, number];
  private readonly stock: ReturnType<typeof stockConv2D>;
  private kernel!: tf.LayerVariable;
  private bias?: tf.LayerVariable;

  constructor(args: GroupedConv2DArgs) {
    super(checkedArgs('GroupedConv2D', args, OPTION_NAMES));
    const { filters, groups = 1, implementation = 'auto', padding = 'valid' } = args;
    check(Number.isInteger(filters) && filters > 0, 'filters', 'a whole number of at least 1', filters);
    // No input channels are known yet; against the filters alone groups can be judged already.
    checkGroups(groups, undefined, filters);
    checkImplementation(implementation);
    checkPadding(padding);
    this.groups = groups;
    this.implementation = implementation;
    this.padding = padding;
    this.kernelSize = pair('kernelSize', args.kernelSize);
    this.strides = pair('strides', args.strides ?? 1);
    this.dilationRate = pair('dilationRate', args.dilationRate ?? 1);
    this.stock = stockConv2D(args);
    this.activityRegularizer = this.stock.activityRegularizer;
  }

  /** Output channels. */
  get filters(): number {
    return this.stock.filters;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = oneShape(inputShape);
    check(shape.length === 4, 'inputShape', `an input of rank 4 for layer ${this.name}`, shape);
    const channels = shape[this.channelAxis];
    if (channels == null) {
      throw invalidArgument('inputShape', `a known number of channels for layer ${this.name}`, shape);
    }
    checkGroups(this.groups, channels, this.filters);
    const { kernelInitializer, kernelRegularizer, kernelConstraint } = this.stock;
    const kernelShape = [...this.kernelSize, channels / this.groups, this.filters];
    this.kernel = this.addWeight(
      'kernel',
      kernelShape,
      undefined,
      kernelInitializer,
      kernelRegularizer,
      true,
      kernelConstraint,
    );
    if (this.stock.useBias) {
      const { biasInitializer, biasRegularizer, biasConstraint } = this.stock;
      this.bias = this.addWeight(
        'bias',
        [this.filters],
        undefined,
        biasInitializer,
        biasRegularizer,
        true,
        biasConstraint,
      );
    }
    this.inputSpec = [
      { ndim: 4, axes: { [this.channelAxis]: channels } },
    ] as unknown as tf.layers.Layer['inputSpec'];
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const input = oneInput<tf.Tensor4D>(inputs);
      const convolved = groupedConv2d(
        this.channelsFirst ? input.transpose<tf.Tensor4D>([0, 2, 3, 1]) : input,
        this.kernel.read() as tf.Tensor4D,
        {
          groups: this.groups,
          strides: this.strides,
          padding: this.padding,
          dilations: this.dilationRate,
          implementation: this.implementation,
        },
      );
      const biased = this.bias === undefined ? convolved : convolved.add(this.bias.read());
      const output = this.channelsFirst ? biased.transpose([0, 3, 1, 2]) : biased;
      return this.stock.activation.apply(output);
    });
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const shape = oneShape(inputShape);
    const [height, width] = this.channelsFirst ? [shape[2], shape[3]] : [shape[1], shape[2]];
    const space = [this.outputLength(height, 0), this.outputLength(width, 1)];
    return this.channelsFirst ? [shape[0], this.filters, ...space] : [shape[0], ...space, this.filters];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...this.stock.getConfig(),
      ...super.getConfig(),
      padding: this.padding as tf.serialization.ConfigDictValue,
      groups: this.groups,
      implementation: this.implementation,
    };
  }

  private get channelsFirst(): boolean {
    return this.stock.dataFormat === 'channelsFirst';
  }

  private get channelAxis(): number {
    return this.channelsFirst ? 1 : 3;
  }

  /** The output's height (axis 0) or width (axis 1), unknown where the input's is. */
  private outputLength(input: number | null, axis: 0 | 1): number | null {
    if (input == null) return null;
    const { kernelSize, strides, dilationRate } = this;
    const both = (length: number): [number, number] => [length, length];
    const { top, bottom, left, right } = resolvePadding(
      this.padding,
      both(input),
      kernelSize,
      strides,
      dilationRate,
    );
    const zeros = axis === 0 ? top + bottom : left + right;
    return outputLength(input + zeros, kernelSize[axis], strides[axis], dilationRate[axis]);
  }
}

tf.serialization.registerClass(GroupedConv2D);

/**
 * A grouped 2-D convolution layer, in the manner of `tf.layers.conv2d`.
 *
 * @throws InvalidArgumentError for groups that do not divide the filters and, when it is built, the input channels; for
 * an input of another rank than 4 or with unknown channels; for an unknown padding or implementation
 *
 * @example
 * const model = tf.sequential({
 *   layers: [groupedConv2D({ filters: 16, kernelSize: 3, groups: 2, inputShape: [32, 32, 8] })],
 * });
 * model.countParams(); // 592, and 1168 with one group
 */
export function groupedConv2D(args: GroupedConv2DArgs): GroupedConv2D {
  return new GroupedConv2D(args);
}

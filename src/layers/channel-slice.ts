import * as tf from '@tensorflow/tfjs';
import type { OptionNames } from '../check-options';
import { check } from '../errors';
import { checkedArgs, LAYER_OPTIONS, type LayerArgs } from './layer-args';
import { channelsOf, oneInput, oneShape } from './one-input';

/** Options of {@link channelSlice}. */
export interface ChannelSliceArgs extends LayerArgs {
  /** The first channel that is taken. */
  begin: number;
  /** How many are. */
  size: number;
}

const OPTION_NAMES: OptionNames<ChannelSliceArgs> = {
  begin: true,
  size: true,
  ...LAYER_OPTIONS,
};

/**
 * Takes the channels from `begin` on, `size` of them.
 *
 * Input `[batch, …, channels]`, output `[batch, …, size]`; no weights. It is registered for saving and loading under the
 * class name `ChannelSlice`. Two of them make the channel split of ShuffleNet V2: one layer with two outputs would be
 * computed once for each output, as tfjs runs a model.
 *
 * Source: Ma et al., "ShuffleNet V2", arXiv:1807.11164, figure 3c.
 */
export class ChannelSlice extends tf.layers.Layer {
  static readonly className = 'ChannelSlice';

  readonly begin: number;
  readonly size: number;

  constructor(args: ChannelSliceArgs) {
    super(checkedArgs('ChannelSlice', args, OPTION_NAMES));
    const { begin, size } = args;
    check(Number.isSafeInteger(begin) && begin >= 0, 'begin', 'a whole number of at least 0', begin);
    check(Number.isSafeInteger(size) && size >= 1, 'size', 'a whole number of at least 1', size);
    this.begin = begin;
    this.size = size;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = channelsOf(inputShape, this.name);
    const { begin, size } = this;
    check(begin + size <= channels, 'size', `what is left of ${channels} channels from ${begin} on`, size);
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = oneInput(inputs);
    const outer = x.shape.slice(0, -1);
    return tf.slice(x, [...outer.map(() => 0), this.begin], [...outer, this.size]);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return [...oneShape(inputShape).slice(0, -1), this.size];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), begin: this.begin, size: this.size };
  }
}

tf.serialization.registerClass(ChannelSlice);

/**
 * A layer that takes some of the channels.
 *
 * @throws InvalidArgumentError for a `begin` or `size` out of range and, when it is built, for more channels than there are,
 * or where the channels are unknown
 *
 * @example
 * // Both halves of 116 channels.
 * const [passed, filtered] = [0, 58].map((begin) => channelSlice({ begin, size: 58 }).apply(x));
 */
export function channelSlice(args: ChannelSliceArgs): ChannelSlice {
  return new ChannelSlice(args);
}

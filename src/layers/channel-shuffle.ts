import * as tf from '@tensorflow/tfjs';
import type { OptionNames } from '../check-options';
import { check } from '../errors';
import { channelShuffle as shuffled } from '../ops/channel-shuffle';
import { checkedArgs, LAYER_OPTIONS, type LayerArgs } from './layer-args';
import { channelsOf, oneInput, oneShape } from './one-input';

/** Options of {@link channelShuffle}. */
export interface ChannelShuffleArgs extends LayerArgs {
  /** Groups whose channels are interleaved; they divide the channels. */
  groups: number;
}

const OPTION_NAMES: OptionNames<ChannelShuffleArgs> = {
  groups: true,
  ...LAYER_OPTIONS,
};

/**
 * Interleaves the channels of groups, so that the next grouped convolution sees some of each: output channel `c · groups + g`
 * is channel `c` of group `g`.
 *
 * Input and output `[batch, …, channels]`; no weights. It is registered for saving and loading under the class name
 * `ChannelShuffle`.
 *
 * Source: Zhang et al., "ShuffleNet", arXiv:1707.01083.
 */
export class ChannelShuffle extends tf.layers.Layer {
  static readonly className = 'ChannelShuffle';

  readonly groups: number;

  constructor(args: ChannelShuffleArgs) {
    super(checkedArgs('ChannelShuffle', args, OPTION_NAMES));
    const { groups } = args;
    check(Number.isSafeInteger(groups) && groups >= 1, 'groups', 'a whole number of at least 1', groups);
    this.groups = groups;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = channelsOf(inputShape, this.name);
    check(channels % this.groups === 0, 'groups', `a divisor of the ${channels} input channels`, this.groups);
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return shuffled(oneInput(inputs), this.groups);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return oneShape(inputShape);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), groups: this.groups };
  }
}

tf.serialization.registerClass(ChannelShuffle);

/**
 * A layer that interleaves the channels of groups.
 *
 * @throws InvalidArgumentError for groups that are no whole number of at least 1 and, when it is built, that do not divide
 * the channels, or where the channels are unknown
 *
 * @example
 * // Between the grouped 1x1 convolution and the depthwise one of a ShuffleNet unit.
 * const y = channelShuffle({ groups: 3 }).apply(x);
 */
export function channelShuffle(args: ChannelShuffleArgs): ChannelShuffle {
  return new ChannelShuffle(args);
}

import * as tf from '@tensorflow/tfjs';
import { check } from '../errors';
import { oneInput, oneShape } from './one-input';

/** Options of {@link ChannelShuffle}. */
export interface ChannelShuffleArgs {
  /** Groups whose channels are interleaved; they divide the channels. */
  groups: number;
  name?: string;
}

/**
 * Interleaves the channels of groups, so that the next grouped convolution sees some of each: output channel `c · groups + g`
 * is channel `c` of group `g`.
 *
 * Source: Zhang et al., "ShuffleNet", arXiv:1707.01083.
 */
export class ChannelShuffle extends tf.layers.Layer {
  static readonly className = 'ChannelShuffle';

  readonly groups: number;

  constructor(args: ChannelShuffleArgs) {
    super(args as unknown as ConstructorParameters<typeof tf.layers.Layer>[0]);
    const { groups } = args;
    check(Number.isSafeInteger(groups) && groups >= 1, 'groups', 'a whole number of at least 1', groups);
    this.groups = groups;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = oneShape(inputShape).at(-1) as number;
    check(channels % this.groups === 0, 'groups', `a divisor of the ${channels} input channels`, this.groups);
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = oneInput<tf.Tensor4D>(inputs);
      const [batch, height, width, channels] = x.shape;
      const { groups } = this;
      // Pixels in one axis: backends transpose few axes faster than many.
      return x
        .reshape([batch * height * width, groups, channels / groups])
        .transpose([0, 2, 1])
        .reshape(x.shape);
    });
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), groups: this.groups };
  }
}

tf.serialization.registerClass(ChannelShuffle);

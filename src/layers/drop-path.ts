import * as tf from '@tensorflow/tfjs';
import type { OptionNames } from '../check-options';
import { check } from '../errors';
import { hasStepSeed, stepMask } from '../ops/dropout-mask';
import { checkedArgs, LAYER_OPTIONS, type LayerArgs } from './layer-args';
import { oneInput, oneShape } from './one-input';

/** Options of {@link dropPath}. */
export interface DropPathArgs extends LayerArgs {
  /** The share of images whose branch is dropped, from 0 to below 1. */
  rate: number;
  /**
   * Makes the draw the same in every call, as the seed of tfjs's dropout does; our training loop gives it a new one each
   * step. Without one, or with 0, each call draws anew.
   */
  seed?: number;
}

const OPTION_NAMES: OptionNames<DropPathArgs> = {
  rate: true,
  seed: true,
  ...LAYER_OPTIONS,
};

/**
 * Stochastic depth by image: in training the whole branch of an image becomes 0 with probability `rate`, and else is
 * divided by `1 - rate`; otherwise it passes as it is.
 *
 * Input and output `[batch, …]`; no weights. It is registered for saving and loading under the class name `DropPath`.
 *
 * Source: Huang et al., "Deep networks with stochastic depth", arXiv:1603.09382.
 */
export class DropPath extends tf.layers.Layer {
  static readonly className = 'DropPath';

  readonly rate: number;
  /** Not read-only: `DropoutSeeds` of the training loop sets it. */
  seed?: number;

  constructor(args: DropPathArgs) {
    super(checkedArgs('DropPath', args, OPTION_NAMES));
    const { rate, seed } = args;
    check(
      typeof rate === 'number' && rate >= 0 && rate < 1,
      'rate',
      'a number of at least 0 and below 1',
      rate,
    );
    check(seed == null || Number.isFinite(seed), 'seed', 'a number', seed);
    this.rate = rate;
    this.seed = seed ?? undefined;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean } = {}): tf.Tensor {
    return tf.tidy(() => {
      const x = oneInput(inputs);
      // A copy, as every layer's output is one: the caller may dispose it.
      if (!kwargs.training || this.rate === 0) return x.clone();
      const perImage = [x.shape[0], ...x.shape.slice(1).map(() => 1)];
      const keep = 1 - this.rate;
      if (hasStepSeed() && this.seed !== undefined) return tf.mul(x, stepMask(perImage, keep, this.seed));
      const kept = tf.randomUniform(perImage, 0, 1, 'float32', this.seed).less(keep);
      return tf.mul(x, tf.div(kept.cast('float32'), keep));
    });
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return oneShape(inputShape);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate, ...(this.seed !== undefined && { seed: this.seed }) };
  }
}

tf.serialization.registerClass(DropPath);

/**
 * A layer that drops a residual branch for some images of a training step.
 *
 * @throws InvalidArgumentError for a rate that is not from 0 to below 1
 *
 * @example
 * const y = tf.layers.add().apply([dropPath({ rate: 0.1 }).apply(branch), shortcut]);
 */
export function dropPath(args: DropPathArgs): DropPath {
  return new DropPath(args);
}

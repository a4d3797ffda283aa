import * as tf from '@tensorflow/tfjs';
import { check } from '../errors';
import { oneInput } from './one-input';

/** Options of {@link DropPath}. */
export interface DropPathArgs {
  /** The share of images whose branch is dropped, from 0 to below 1. */
  rate: number;
  /** Makes the draw the same in every call; our training loop gives it a new one each step. */
  seed?: number;
  name?: string;
}

/**
 * Stochastic depth by image: in training the whole branch of an image becomes 0 with probability `rate`, and else is
 * divided by `1 - rate`; otherwise it passes as it is.
 *
 * Source: Huang et al., "Deep networks with stochastic depth", arXiv:1603.09382.
 */
export class DropPath extends tf.layers.Layer {
  static readonly className = 'DropPath';

  readonly rate: number;
  /** Not read-only: `DropoutSeeds` of the training loop sets it. */
  seed?: number;

  constructor(args: DropPathArgs) {
    super(args as unknown as ConstructorParameters<typeof tf.layers.Layer>[0]);
    const { rate, seed } = args;
    check(rate >= 0 && rate < 1, 'rate', 'a number of at least 0 and below 1', rate);
    this.rate = rate;
    this.seed = seed;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean } = {}): tf.Tensor {
    return tf.tidy(() => {
      const x = oneInput(inputs);
      // A copy, as every layer's output is one: the caller may dispose it.
      if (!kwargs.training || this.rate === 0) return x.clone();
      const perImage = [x.shape[0], ...x.shape.slice(1).map(() => 1)];
      const keep = 1 - this.rate;
      const kept = tf.randomUniform(perImage, 0, 1, 'float32', this.seed).less(keep);
      return tf.mul(x, tf.div(kept.cast('float32'), keep));
    });
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate, ...(this.seed !== undefined && { seed: this.seed }) };
  }
}

tf.serialization.registerClass(DropPath);

import * as tf from '@tensorflow/tfjs';
import { oneInput, oneShape } from './one-input';

/** Options of {@link LayerScale}. */
export interface LayerScaleArgs {
  /** What each channel's factor starts from; 1e-6 by default. */
  initialValue?: number;
  name?: string;
}

/**
 * Multiplies each channel by a weight of its own, `layer_scale` `[channels]`.
 *
 * Source: Touvron et al., "Going deeper with image transformers", arXiv:2103.17239.
 */
export class LayerScale extends tf.layers.Layer {
  static readonly className = 'LayerScale';

  readonly initialValue: number;
  private scale!: tf.LayerVariable;

  constructor(args: LayerScaleArgs = {}) {
    super(args as unknown as ConstructorParameters<typeof tf.layers.Layer>[0]);
    this.initialValue = args.initialValue ?? 1e-6;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = oneShape(inputShape).at(-1) as number;
    const initializer = tf.initializers.constant({ value: this.initialValue });
    this.scale = this.addWeight('layer_scale', [channels], undefined, initializer);
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => tf.mul(oneInput(inputs), this.scale.read()));
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), initialValue: this.initialValue };
  }
}

tf.serialization.registerClass(LayerScale);

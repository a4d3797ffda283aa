import * as tf from '@tensorflow/tfjs';
import { useBatchNormCall } from '../backends/accelerate/batch-norm-layer';
import { layersWithin } from '../backends/accelerate/frozen-layers';
import { checkOptions, type OptionNames } from '../check-options';
import { LAYER_OPTIONS } from './layer-args';

type Args = NonNullable<Parameters<typeof tf.layers.batchNormalization>[0]>;

/** The names of the options of `tf.layers.batchNormalization`. */
export const BATCH_NORM_OPTIONS: OptionNames<Args> = {
  axis: true,
  momentum: true,
  epsilon: true,
  center: true,
  scale: true,
  betaInitializer: true,
  gammaInitializer: true,
  movingMeanInitializer: true,
  movingVarianceInitializer: true,
  betaConstraint: true,
  gammaConstraint: true,
  betaRegularizer: true,
  gammaRegularizer: true,
  ...LAYER_OPTIONS,
};

/**
 * Batch norm as `tf.layers.batchNormalization`, quicker in training: one kernel with a closed-form gradient in place of
 * some thirty operations, without {@link accelerate} too.
 *
 * It is the stock layer in its options, weights, class name and saved form, so a model with it loads in plain tfjs and in
 * Keras. Unlike the stock layer it also trains without `scale` or `center`, and where it is not trainable it normalises by its
 * moving statistics in training too and leaves them as they are, as in Keras.
 *
 * @param args those of `tf.layers.batchNormalization`
 *
 * @example
 * const norm = batchNormalization({ epsilon: 1e-5, momentum: 0.9 });
 */
export function batchNormalization(args: Args = {}): tf.layers.Layer {
  checkOptions('batchNormalization', args, BATCH_NORM_OPTIONS);
  const layer = tf.layers.batchNormalization(args);
  useBatchNormCall(layer);
  return layer;
}

/** Makes the batch norms of a model that was loaded, which are stock layers, such as {@link batchNormalization} makes. */
export function adoptBatchNorms(model: tf.LayersModel): void {
  for (const layer of layersWithin(model)) {
    if (layer.getClassName() === 'BatchNormalization') useBatchNormCall(layer);
  }
}

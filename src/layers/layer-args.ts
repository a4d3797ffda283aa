import type * as tf from '@tensorflow/tfjs';

/** What every layer takes: `name`, `trainable`, `inputShape` and their like. tfjs does not export the type by name. */
export type LayerArgs = NonNullable<ConstructorParameters<typeof tf.layers.Layer>[0]>;

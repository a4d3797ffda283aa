import type * as tf from '@tensorflow/tfjs';
import { checkOptions, type OptionNames } from '../check-options';

/** What every layer takes: `name`, `trainable`, `inputShape` and their like. tfjs does not export the type by name. */
export type LayerArgs = NonNullable<ConstructorParameters<typeof tf.layers.Layer>[0]>;

/** The names of {@link LayerArgs}, for the list of a layer's own options. */
export const LAYER_OPTIONS: OptionNames<LayerArgs> = {
  inputShape: true,
  batchInputShape: true,
  batchSize: true,
  dtype: true,
  name: true,
  trainable: true,
  weights: true,
  inputDType: true,
};

/** What tfjs adds to the config of a layer that it loads, and what configs of its first versions have. */
const CONFIG_OPTIONS = ['customObjects', 'updatable'];

/**
 * The options of a layer, once it is sure that there are such.
 *
 * @param className the layer's class
 * @param names the layer's own options and {@link LAYER_OPTIONS}
 * @throws InvalidArgumentError as {@link checkOptions}
 *
 * @example
 * super(checkedArgs('DropPath', args, OPTIONS));
 */
export function checkedArgs<Args extends object>(
  className: string,
  args: Args,
  names: Readonly<Record<string, true>>,
): Args {
  checkOptions(className, args, names, CONFIG_OPTIONS);
  return args;
}

import * as tf from '@tensorflow/tfjs';

import { CardinalError } from '../errors';
import { checkModelConfig } from '../formats/layer-topology';
import { watchBuild } from '../formats/watch-build';
import type { JsonObject } from './keras-json';
import { functional, isKerasConfig, sequential, type TfjsConfigOptions } from './keras-model';

type ModelClass = tf.serialization.SerializableConstructor<tf.serialization.Serializable>;
type FromConfig = (
  cls: ModelClass,
  config: JsonObject,
  customObjects?: object,
  fastInit?: boolean,
) => tf.LayersModel;

const HOOKED = new WeakSet<object>();
const OPTIONS: TfjsConfigOptions = { passOthers: true, isCamelCased: true };

/**
 * Makes `tf.loadLayersModel` load Keras models whose `Conv2D` has `groups` above 1 (as {@link GroupedConv2D}) and models
 * that Keras 3 wrote. All else loads as before. A second call does nothing.
 *
 * It takes the place of tfjs's own entries for models in its registry of classes; nothing of tfjs is changed besides.
 *
 * @example
 * enableKerasGroups();
 * const model = await tf.loadLayersModel('https://example.org/keras-resnext/model.json');
 */
export function enableKerasGroups(): void {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  hook(classNameMap, 'Functional', functional);
  hook(classNameMap, 'Model', functional);
  hook(classNameMap, 'Sequential', sequential);
}

type ClassMap = tf.serialization.SerializationMap['classNameMap'];

/** In all, weights of 2 GiB; no manifest is at hand here to tell how many there are. */
const MOST_NUMBERS = 2 ** 29;

function hook(map: ClassMap, className: string, convert: typeof functional): void {
  const [cls, stock] = map[className];
  if (HOOKED.has(stock)) return;
  const fromConfig: FromConfig = (given, config, customObjects, fastInit) => {
    const load = (ready: JsonObject): tf.LayersModel => {
      checkModelConfig(className, ready);
      return (stock as unknown as FromConfig)(given, ready, customObjects, fastInit);
    };
    const build = (): tf.LayersModel => {
      // The oldest sequential models are lists, and have no groups.
      if (Array.isArray(config) || !isKerasConfig(config)) return load(config);
      // tfjs adds these to every config that it hands over. They are classes, not JSON.
      const { customObjects: known, ...json } = config;
      return load({ ...convert(json, OPTIONS), customObjects: known });
    };
    try {
      return watchBuild(build, { mostNumbers: MOST_NUMBERS }).value;
    } catch (error) {
      if (error instanceof CardinalError) throw error;
      throw new CardinalError((error as Error).message, { cause: error });
    }
  };
  HOOKED.add(fromConfig);
  map[className] = [cls, fromConfig as unknown as (typeof map)[string][1]];
}

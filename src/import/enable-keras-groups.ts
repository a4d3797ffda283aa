import * as tf from '@tensorflow/tfjs';

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

function hook(map: ClassMap, className: string, convert: typeof functional): void {
  const [cls, stock] = map[className];
  if (HOOKED.has(stock)) return;
  const fromConfig: FromConfig = (given, config, customObjects, fastInit) => {
    const load = (ready: JsonObject): tf.LayersModel =>
      (stock as unknown as FromConfig)(given, ready, customObjects, fastInit);
    // The oldest sequential models are lists, and have no groups.
    if (Array.isArray(config) || !isKerasConfig(config)) return load(config);
    // tfjs adds these to every config that it hands over. They are classes, not JSON.
    const { customObjects: known, ...json } = config;
    return load({ ...convert(json, OPTIONS), customObjects: known });
  };
  HOOKED.add(fromConfig);
  map[className] = [cls, fromConfig as unknown as (typeof map)[string][1]];
}

import type * as tf from '@tensorflow/tfjs';

import { givenBytes } from '../given-bytes';
import { CardinalError } from '../errors';
import { insteadOf } from '../file-kinds';
import { buildLayers } from '../formats/build-layers';
import { numbersWithin, withHdf5 } from './hdf5-arrays';
import { camelKeys, layerEntry, type Json } from './keras-json';
import { entriesOf, nameOf, namesOf, tfjsConfig } from './keras-model';
import { isOperation } from './keras-operations';
import { assignKerasWeights, type LayerClassNames } from './keras-weights';
import { zipEntries, zipEntry } from './zip-entries';

const CONFIG = 'config.json';
const WEIGHTS = 'model.weights.h5';
const LONGEST_CONFIG = 64 * 2 ** 20;

/**
 * Loads a model from the bytes of a `.keras` file, as Keras 3's `model.save` writes it, weights included. Convolutions may
 * have groups. The model is not compiled: what it was trained with is left out.
 *
 * Nothing in the file is executed; a class of layers that is not on a fixed list is refused.
 *
 * @throws CardinalError saying what is wrong with the file, or naming the layer that cannot be loaded
 *
 * @example
 * const response = await fetch('resnext.keras');
 * const model = await loadKerasModel(await response.arrayBuffer());
 */
export async function loadKerasModel(bytes: Uint8Array | ArrayBuffer): Promise<tf.LayersModel> {
  const files = unzipped(
    givenBytes(bytes, 'bytes', 'the bytes of a .keras file (loadKerasFile takes its path)'),
  );
  const config = parsed(files.config);
  const topology = tfjsConfig(config);
  const classNames = classNamesOf(camelKeys(config));
  const mostNumbers = await ofWeights(() => withHdf5(files.weights, numbersWithin));
  return buildLayers(topology, mostNumbers, (model) =>
    ofWeights(() => withHdf5(files.weights, (root) => assignKerasWeights(model, root, classNames))),
  );
}

/** What reading the weights comes to; its errors name them. */
async function ofWeights<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new CardinalError(`${WEIGHTS}: ${(error as Error).message}`, { cause: error });
  }
}

function unzipped(bytes: Uint8Array): { config: Uint8Array; weights: Uint8Array } {
  try {
    const entries = zipEntries(bytes);
    const [config, weights] = [CONFIG, WEIGHTS].map((name) => zipEntry(entries, name));
    if (config.size > LONGEST_CONFIG) throw new CardinalError(`${CONFIG} cannot have ${config.size} bytes`);
    return { config: config.read(), weights: weights.read() };
  } catch (error) {
    const damaged = `no .keras file, which is a zip, or damaged: ${(error as Error).message}`;
    throw new CardinalError(`it is ${insteadOf('keras', bytes) ?? damaged}`, { cause: error });
  }
}

function parsed(bytes: Uint8Array): Json {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
  } catch {
    throw new CardinalError(`${CONFIG} is not valid JSON`);
  }
}

/** The layers of a model that have weights, or may: operations are no layers to Keras. */
function classNamesOf(config: Json): LayerClassNames {
  const entries = entriesOf(layerEntry(config).config).filter((entry) => !isOperation(entry));
  const names = namesOf(entriesOf(layerEntry(config).config));
  return entries.map((entry) => {
    const { className, config: own } = entry;
    const name = nameOf(entry);
    const inner = Array.isArray(own.layers) && { layers: classNamesOf(entry as unknown as Json) };
    return { name, tfjsName: names.get(name) as string, className, ...inner };
  });
}

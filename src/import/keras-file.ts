import * as tf from '@tensorflow/tfjs';
import { unzipSync } from 'fflate';

import { CardinalError } from '../errors';
import { adoptBatchNorms } from '../layers/batch-normalization';
import { withHdf5 } from './hdf5-arrays';
import { camelKeys, isObject, layerEntry, type Json } from './keras-json';
import { tfjsConfig } from './keras-model';
import { assignKerasWeights, type LayerClassNames } from './keras-weights';

const CONFIG = 'config.json';
const WEIGHTS = 'model.weights.h5';
const LONGEST_CONFIG = 64 * 2 ** 20;
// Deflate makes at most so many bytes of one.
const DEFLATE_RATIO = 1032;

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
 * const model = await loadKerasModel(new Uint8Array(await response.arrayBuffer()));
 */
export async function loadKerasModel(bytes: Uint8Array): Promise<tf.LayersModel> {
  const files = unzipped(bytes);
  const config = parsed(files[CONFIG]);
  const topology = tfjsConfig(config);
  const classNames = classNamesOf(camelKeys(config));
  const model = await built(topology);
  try {
    await withHdf5(files[WEIGHTS], (root) => assignKerasWeights(model, root, classNames));
    return model;
  } catch (error) {
    model.dispose();
    throw error instanceof CardinalError ? new CardinalError(`${WEIGHTS}: ${error.message}`) : error;
  }
}

function unzipped(bytes: Uint8Array): Record<string, Uint8Array> {
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter: ({ name, size, originalSize }) => {
        if (name !== CONFIG && name !== WEIGHTS) return false;
        const most = name === CONFIG ? LONGEST_CONFIG : Infinity;
        // Checked before so much is allocated, of a file that may say anything.
        if (size <= bytes.length && originalSize <= Math.min(most, size * DEFLATE_RATIO)) return true;
        throw new CardinalError(`${name} cannot have ${originalSize} bytes`);
      },
    });
  } catch (error) {
    throw new CardinalError(`it is no .keras file, which is a zip, or damaged: ${(error as Error).message}`);
  }
  for (const name of [CONFIG, WEIGHTS]) {
    if (files[name] === undefined) throw new CardinalError(`it is no .keras file: it has no ${name}`);
  }
  return files;
}

function parsed(bytes: Uint8Array): Json {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
  } catch {
    throw new CardinalError(`${CONFIG} is not valid JSON`);
  }
}

async function built(topology: ReturnType<typeof tfjsConfig>): Promise<tf.LayersModel> {
  try {
    const model = await tf.models.modelFromJSON({ modelTopology: topology } as never);
    if (model instanceof tf.Sequential && !model.built) model.build();
    handOver(model);
    adoptBatchNorms(model);
    return model;
  } catch (error) {
    throw new CardinalError(`${CONFIG}: ${(error as Error).message}`, { cause: error });
  }
}

/** Gives the models within a model to it alone, so that they are disposed with it: tfjs counts each of their calls. */
function handOver(model: tf.LayersModel): void {
  for (const layer of model.layers) {
    if (!(layer instanceof tf.LayersModel)) continue;
    handOver(layer);
    // The first of its nodes is no call, and a graph of layers itself takes one call back.
    const counted = layer.inboundNodes.length - (model instanceof tf.Sequential ? 1 : 2);
    for (let call = 0; call < counted; call++) layer.dispose();
  }
}

function classNamesOf(config: Json): LayerClassNames {
  const model = layerEntry(config);
  const { layers } = model.config;
  return (Array.isArray(layers) ? layers : []).map((json) => {
    const entry = layerEntry(json);
    const name = entry.name ?? entry.config.name;
    const isModel = isObject(entry.config) && Array.isArray(entry.config.layers);
    const inner = isModel ? { layers: classNamesOf(json) } : {};
    return { name: String(name), className: entry.className, ...inner };
  });
}

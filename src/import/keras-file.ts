import * as tf from '@tensorflow/tfjs';
import { unzipSync } from 'fflate';

import { countReaders } from '../backends/accelerate/count-readers';
import { givenBytes } from '../given-bytes';
import { CardinalError } from '../errors';
import { adoptBatchNorms } from '../layers/batch-normalization';
import { insteadOf } from '../file-kinds';
import { withHdf5 } from './hdf5-arrays';
import { transferOwnership } from '../layers/transfer-ownership';
import { camelKeys, layerEntry, type Json } from './keras-json';
import { entriesOf, nameOf, namesOf, tfjsConfig } from './keras-model';
import { isOperation } from './keras-operations';
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
 * const model = await loadKerasModel(await response.arrayBuffer());
 */
export async function loadKerasModel(bytes: Uint8Array | ArrayBuffer): Promise<tf.LayersModel> {
  const files = unzipped(
    givenBytes(bytes, 'bytes', 'the bytes of a .keras file (loadKerasFile takes its path)'),
  );
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
    const instead =
      insteadOf('keras', bytes) ?? `no .keras file, which is a zip, or damaged: ${(error as Error).message}`;
    throw new CardinalError(`it is ${instead}`, { cause: error });
  }
  for (const name of [CONFIG, WEIGHTS]) {
    if (files[name] !== undefined) continue;
    throw new CardinalError(`it is ${insteadOf('keras', bytes) ?? `no .keras file: it has no ${name}`}`);
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
  // tfjs builds it at one go, so that no other call's come in between.
  const before = new Set(variables());
  try {
    const model = await tf.models.modelFromJSON({ modelTopology: topology } as never);
    if (model instanceof tf.Sequential && !model.built) model.build();
    transferOwnership(model);
    adoptBatchNorms(model);
    countReaders(model);
    return model;
  } catch (error) {
    for (const variable of variables()) if (!before.has(variable)) variable.dispose();
    throw new CardinalError(`${CONFIG}: ${(error as Error).message}`, { cause: error });
  }
}

function variables(): tf.Variable[] {
  return Object.values(tf.engine().registeredVariables);
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

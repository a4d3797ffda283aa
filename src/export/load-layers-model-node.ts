import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { checkText } from '../check-kinds';
import { CHECKSUMS, verifyChecksums } from '../files/checksums';
import { readFile } from '../files/read-file';
import { settleToRead } from '../files/replace';
import { CardinalError } from '../errors';
import { insteadOf, PLAIN_JSON, recognise, topologyInsteadOfLayers } from '../file-kinds';
// For their registration: a saved model names its layers by class.
import '../layers/register-layers';
import { buildLayers } from '../formats/build-layers';
import { readWeights } from '../formats/read-weights-node';
import { countElements, weightGroups, type WeightGroup } from '../formats/weights-manifest';
import { LAYERS_MODEL_FILES } from './layers-model';

/**
 * Loads a tfjs LayersModel folder from disk on any backend. `tf.loadLayersModel('file://…')` needs tfjs-node. Batch norms are
 * such as {@link batchNormalization} makes: where they are not trainable they stay as they are.
 *
 * Weights become what was saved, bit by bit. `tf.loadLayersModel` projects those that have a constraint as it sets them: to
 * others, where they do not keep to it, and otherwise to such as differ by rounding.
 *
 * @param folder has `model.json` and the weight files that it names; or the path of that file
 * @throws CardinalError naming the file that is missing, damaged or cut short, that is another than `SHA256SUMS` in the folder
 *   tells, where there is one, or that is of another kind, and what reads that
 *
 * @example
 * await useBackend('wasm');
 * const model = await loadLayersModel('exports/resnext_toy');
 */
export async function loadLayersModel(folder: string): Promise<tf.LayersModel> {
  checkText('folder', 'the path of a LayersModel folder', folder);
  await settleToRead(folder);
  const path = await topologyPath(folder);
  const { json, groups } = parse(path, await readFile(path));
  const files = groups.flatMap(({ paths }) => paths);
  const data = await readWeights(path, groups, { folder: dirname(path) });
  await verifyChecksums(join(dirname(path), CHECKSUMS), [basename(path), ...files]);
  const specs = groups.flatMap(({ weights }) => weights);
  // Of an optimiser there are weights too, where the model was saved with it.
  const modelSpecs = specs.filter(({ group }) => group !== 'optimizer');
  try {
    return await buildLayers(json.modelTopology, countElements(modelSpecs), (model) => {
      if (json.userDefinedMetadata !== undefined) model.setUserDefinedMetadata(json.userDefinedMetadata);
      setSavedWeights(model, data, specs);
    });
  } catch (error) {
    throw new CardinalError(`${path} could not be loaded: ${(error as Error).message}`, { cause: error });
  }
}

/** tfjs projects a weight that has a constraint as it sets it, and keeps what it computes on the way. */
function setSavedWeights(
  model: tf.LayersModel,
  data: ArrayBuffer,
  specs: readonly tf.io.WeightsManifestEntry[],
): void {
  const weights: Constrained[] = model.weights;
  const constraints = weights.map(({ constraint }) => constraint);
  try {
    for (const weight of weights) weight.constraint = null;
    tf.tidy(() => {
      const saved = tf.io.decodeWeights(data, [...specs]);
      for (const { name, group } of specs) if (group === 'optimizer') delete saved[name];
      model.loadWeights(saved, true);
    });
  } finally {
    weights.forEach((weight, i) => (weight.constraint = constraints[i]));
  }
}

/** Of a weight of tfjs, where it is read-only. */
interface Constrained {
  constraint: unknown;
}

/** The `model.json` in a folder, or where a file was named, that file. */
async function topologyPath(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => true,
  );
  return isFolder ? join(path, LAYERS_MODEL_FILES.model) : path;
}

function parse(path: string, bytes: Buffer): { json: tf.io.ModelJSON; groups: WeightGroup[] } {
  const damaged = (why: string): CardinalError => new CardinalError(`${path} is damaged: ${why}`);
  let json: Partial<tf.io.ModelJSON> | null;
  try {
    json = JSON.parse(bytes.toString('utf8')) as Partial<tf.io.ModelJSON> | null;
  } catch {
    const instead = insteadOf('layers-model', bytes);
    throw instead === undefined
      ? damaged('it is not valid JSON')
      : new CardinalError(`${path} is ${instead}`);
  }
  const isModel = json?.modelTopology != null && Array.isArray(json.weightsManifest);
  // Of the name that tfjs gives it, it was a model once.
  const isPlain = basename(path) === LAYERS_MODEL_FILES.model && recognise(bytes) === PLAIN_JSON;
  const other =
    topologyInsteadOfLayers(json) ?? (isModel || isPlain ? undefined : insteadOf('layers-model', bytes));
  if (other !== undefined) throw new CardinalError(`${path} is ${other}`);
  if (json?.modelTopology == null || !Array.isArray(json.weightsManifest)) {
    throw damaged('it has no modelTopology and weightsManifest, as a tfjs LayersModel has');
  }
  return { json: json as tf.io.ModelJSON, groups: groupsOf(json.weightsManifest, damaged) };
}

function groupsOf(manifest: unknown, damaged: (why: string) => CardinalError): WeightGroup[] {
  try {
    const groups = weightGroups(manifest);
    const text = groups.flatMap(({ weights }) => weights).find(({ dtype }) => dtype === 'string');
    if (text !== undefined) throw new CardinalError(`weight ${text.name} is text`);
    return groups;
  } catch (error) {
    const why = error instanceof CardinalError ? error.message : String(error);
    throw damaged(`its weightsManifest does not tell paths and weights: ${why}`);
  }
}

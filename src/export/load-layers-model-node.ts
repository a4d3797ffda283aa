import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { countReaders } from '../backends/accelerate/count-readers';
import { checkText } from '../check-kinds';
import { CHECKSUMS, verifyChecksums } from '../files/checksums';
import { readFile } from '../files/read-file';
import { settleToRead } from '../files/replace';
import { CardinalError } from '../errors';
import { adoptBatchNorms } from '../layers/batch-normalization';
import { insteadOf, PLAIN_JSON, recognise, topologyInsteadOfLayers } from '../file-kinds';
// For their registration: a saved model names its layers by class.
import '../layers/register-layers';
import { transferOwnership } from '../layers/transfer-ownership';
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
  const json = parse(path, await readFile(path));
  const weightSpecs = json.weightsManifest.flatMap(({ weights }) => weights);
  const files = json.weightsManifest.flatMap(({ paths }) => paths);
  const chunks = await Promise.all(files.map((file) => readWeights(path, dirname(path), file)));
  const weightData = Uint8Array.from(Buffer.concat(chunks)).buffer;
  const expected = weightSpecs.reduce((sum, spec) => sum + byteLength(spec), 0);
  if (weightData.byteLength !== expected) {
    const named = files.map((file) => join(dirname(path), file)).join(', ');
    throw new CardinalError(
      `${named} is damaged: expected ${expected} bytes, as ${path} has it. Received: ${weightData.byteLength}.`,
    );
  }
  await verifyChecksums(join(dirname(path), CHECKSUMS), [basename(path), ...files]);
  try {
    const { modelTopology, userDefinedMetadata, format, generatedBy, convertedBy } = json;
    const model = await modelOf({
      modelTopology,
      userDefinedMetadata,
      format,
      generatedBy,
      convertedBy,
      weightSpecs,
      weightData,
    });
    transferOwnership(model);
    adoptBatchNorms(model);
    countReaders(model);
    return model;
  } catch (error) {
    throw new CardinalError(`${path} could not be loaded: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * A model of saved artifacts with the weights that were saved. tfjs projects a weight that has a constraint as it sets it,
 * and keeps what it computes on the way, so those of a model that has any are set here.
 */
async function modelOf({ weightData, weightSpecs, ...rest }: Saved): Promise<tf.LayersModel> {
  const topology = JSON.stringify(rest.modelTopology);
  if (!/_constraint":\s*\{/.test(topology)) {
    return tf.loadLayersModel(tf.io.fromMemory({ ...rest, weightData, weightSpecs }));
  }
  const model = await tf.loadLayersModel(tf.io.fromMemory(rest));
  const weightsOf: Constrained[] = model.weights;
  const constraints = weightsOf.map(({ constraint }) => constraint);
  const weights = tf.io.decodeWeights(weightData, weightSpecs);
  try {
    for (const weight of weightsOf) weight.constraint = null;
    model.loadWeights(weights, true);
  } catch (error) {
    transferOwnership(model);
    model.dispose();
    throw error;
  } finally {
    tf.dispose(weights);
    weightsOf.forEach((weight, i) => (weight.constraint = constraints[i]));
  }
  return model;
}

/** Of a weight of tfjs, where it is read-only. */
interface Constrained {
  constraint: unknown;
}

interface Saved extends tf.io.ModelArtifacts {
  weightData: ArrayBuffer;
  weightSpecs: tf.io.WeightsManifestEntry[];
}

/** The `model.json` in a folder, or where a file was named, that file. */
async function topologyPath(path: string): Promise<string> {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  return isFile ? path : join(path, LAYERS_MODEL_FILES.model);
}

function parse(path: string, bytes: Buffer): tf.io.ModelJSON {
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
  const whole = json.weightsManifest.every(
    (group) =>
      Array.isArray(group?.paths) &&
      Array.isArray(group?.weights) &&
      group.weights.every((weight) => isStored(weight)),
  );
  if (!whole) throw damaged('its weightsManifest does not tell paths and weights');
  return json as tf.io.ModelJSON;
}

// A manifest is a stranger's text: it may name files in its own folder and no others.
async function readWeights(manifest: string, folder: string, file: string): Promise<Buffer> {
  if (typeof file !== 'string' || file !== basename(file) || file === '..') {
    throw new CardinalError(
      `${manifest} is damaged: it names ${JSON.stringify(file)} as a file in its folder`,
    );
  }
  return readFile(join(folder, file));
}

const BYTES: ReadonlyMap<unknown, number> = new Map([
  ['float32', 4],
  ['int32', 4],
  ['float16', 2],
  ['uint16', 2],
  ['uint8', 1],
  ['bool', 1],
]);

/** Whether an entry says how many bytes it has. */
function isStored(weight: Partial<tf.io.WeightsManifestEntry> | null): boolean {
  if (typeof weight?.name !== 'string' || !Array.isArray(weight.shape)) return false;
  const lengths = weight.shape.every((length) => Number.isSafeInteger(length) && length >= 0);
  return lengths && BYTES.has(weight.quantization?.dtype ?? weight.dtype);
}

function byteLength({ shape, dtype, quantization }: tf.io.WeightsManifestEntry): number {
  const elements = shape.reduce((product, length) => product * length, 1);
  return elements * (BYTES.get(quantization?.dtype ?? dtype) as number);
}

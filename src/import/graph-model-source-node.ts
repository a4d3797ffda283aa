import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as tf from '@tensorflow/tfjs';

import { CHECKSUMS, verifyChecksums } from '../files/checksums';
import { readFile } from '../files/read-file';
import { settleToRead } from '../files/replace';
import { CardinalError, invalidArgument } from '../errors';
import { GRAPH_MODEL_FILE } from '../export/graph-model';
import { readWeights } from '../formats/read-weights-node';
import { weightGroups, type WeightGroup } from '../formats/weights-manifest';

/**
 * What loads a GraphModel from an address: for a path or a `file://` address one that reads from disk on any backend, where
 * tfjs's own needs tfjs-node; for others the handler that tfjs has for the scheme.
 *
 * @throws InvalidArgumentError for an address whose scheme nothing here can load
 */
export function graphModelHandler(address: string, options: tf.io.LoadOptions): tf.io.IOHandler {
  // A letter and a colon are a drive of Windows.
  const [, scheme = 'file'] = /^([a-z][a-z0-9+.-]+):\/\//i.exec(address) ?? [];
  if (scheme.toLowerCase() === 'file') return { load: () => readGraphModel(pathOf(address), options) };
  const [found] = tf.io.getLoadHandlers(address, options);
  if (found !== undefined) return found;
  throw invalidArgument('source', 'a path, or an address that begins with file, http or https', address);
}

function pathOf(address: string): string {
  if (!/^file:\/\//i.test(address)) return address;
  // `file://models/x` is no valid address of a file, and tfjs-node takes it for a relative path.
  return address.startsWith('file:///') ? fileURLToPath(address) : address.slice('file://'.length);
}

async function readGraphModel(
  path: string,
  { weightPathPrefix, onProgress }: tf.io.LoadOptions,
): Promise<tf.io.ModelArtifacts> {
  await settleToRead(path);
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const file = isFolder ? join(path, GRAPH_MODEL_FILE) : path;
  const bytes = await readFile(file);
  await verifyChecksums(join(dirname(file), CHECKSUMS), [basename(file)]);
  const json = parse(file, bytes);
  const groups = groupsOf(file, json.weightsManifest);
  const folder = weightPathPrefix ?? dirname(file);
  const data = await readWeights(file, groups, { folder, onProgress });
  await verifyChecksums(
    join(folder, CHECKSUMS),
    groups.flatMap(({ paths }) => paths),
  );
  const specs = groups.flatMap(({ weights }) => weights);
  return tf.io.getModelArtifactsForJSON(json, () => Promise.resolve([specs, data]));
}

function parse(file: string, bytes: Buffer): tf.io.ModelJSON {
  let json: Partial<tf.io.ModelJSON> | null;
  try {
    json = JSON.parse(bytes.toString('utf8')) as Partial<tf.io.ModelJSON> | null;
  } catch {
    throw new CardinalError(`${file} is no model.json of a GraphModel: it is not valid JSON`);
  }
  if (json?.modelTopology == null || !Array.isArray(json.weightsManifest)) {
    throw new CardinalError(`${file} is no GraphModel: it has no modelTopology and weightsManifest`);
  }
  return json as tf.io.ModelJSON;
}

function groupsOf(file: string, manifest: unknown): WeightGroup[] {
  try {
    return weightGroups(manifest);
  } catch (error) {
    const why = (error as Error).message;
    throw new CardinalError(
      `${file} is damaged: its weightsManifest does not tell paths and weights: ${why}`,
    );
  }
}

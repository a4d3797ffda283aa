import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as tf from '@tensorflow/tfjs';

import { CHECKSUMS, verifyChecksums } from '../files/checksums';
import { readFile } from '../files/read-file';
import { settleToRead } from '../files/replace';
import { CardinalError, invalidArgument } from '../errors';

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
  const file = isFolder ? join(path, 'model.json') : path;
  const json = parse(file, await readFile(file));
  const folder = weightPathPrefix ?? dirname(file);
  return tf.io.getModelArtifactsForJSON(json, async (manifest) => {
    const names = manifest.flatMap(({ paths }) => paths);
    const chunks: Buffer[] = [];
    for (const name of names) {
      // A manifest is a stranger's text: it may name files in its own folder and no others.
      if (typeof name !== 'string' || name !== basename(name) || name === '..') {
        throw new CardinalError(
          `${file} is damaged: it names ${JSON.stringify(name)} as a file in its folder`,
        );
      }
      chunks.push(await readFile(join(folder, name)));
      onProgress?.(chunks.length / names.length);
    }
    await verifyChecksums(join(dirname(file), CHECKSUMS), [basename(file)]);
    await verifyChecksums(join(folder, CHECKSUMS), names);
    const specs = tf.io.getWeightSpecs(manifest);
    const data = Uint8Array.from(Buffer.concat(chunks)).buffer;
    const expected = storedBytes(specs);
    if (expected !== undefined && data.byteLength !== expected) {
      const named = names.map((name) => join(folder, name)).join(', ');
      const received = `expected ${expected} bytes, as ${file} has it. Received: ${data.byteLength}.`;
      throw new CardinalError(`${named} is damaged: ${received}`);
    }
    return [specs, data];
  });
}

function parse(file: string, bytes: Buffer): tf.io.ModelJSON {
  let json: Partial<tf.io.ModelJSON> | null;
  try {
    json = JSON.parse(bytes.toString('utf8')) as Partial<tf.io.ModelJSON> | null;
  } catch {
    throw new CardinalError(`${file} is no model.json of a GraphModel: it is not valid JSON`);
  }
  const { modelTopology, weightsManifest } = json ?? {};
  const isManifest =
    Array.isArray(weightsManifest) &&
    weightsManifest.every((group) => Array.isArray(group?.paths) && Array.isArray(group?.weights));
  if (modelTopology == null || !isManifest) {
    throw new CardinalError(`${file} is no GraphModel: it has no modelTopology and weightsManifest`);
  }
  return json as tf.io.ModelJSON;
}

const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  complex64: 8,
  float16: 2,
  uint16: 2,
  uint8: 1,
  bool: 1,
};

/** Bytes that weights take; `undefined` where there are texts among them, whose length only they themselves tell. */
function storedBytes(specs: readonly tf.io.WeightsManifestEntry[]): number | undefined {
  const sizes = specs.map(({ shape, dtype, quantization }) => {
    return tf.util.sizeFromShape(shape) * (BYTES[quantization?.dtype ?? dtype] ?? NaN);
  });
  const sum = sizes.reduce((total, size) => total + size, 0);
  return Number.isNaN(sum) ? undefined : sum;
}

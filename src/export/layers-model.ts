import * as tf from '@tensorflow/tfjs';

import { CardinalError } from '../errors';
import { DESCRIPTION_KEY, type ModelDescription } from './model-description';
import { loadableArtifacts } from './loadable-artifacts';
import type { QuantisedDtype } from './quantise';
import { storeWeights, type NamedWeight } from './quantise-manifest';

/** The two files of a tfjs LayersModel folder, and their names. */
export const LAYERS_MODEL_FILES = { model: 'model.json', weights: 'weights.bin' } as const;

/** A LayersModel folder in memory. */
export interface LayersModelFiles {
  /** The text of `model.json`. */
  readonly model: string;
  /** The bytes of `weights.bin`: every weight, little-endian, in the order of the manifest. */
  readonly weights: Uint8Array;
}

export interface LayersModelOptions {
  /** Kept in the model's user-defined metadata, so that the export is usable by itself. */
  readonly description?: ModelDescription;
  /** What kernels are stored as; float32 by default. Reading makes float32 of them again. */
  readonly quantize?: QuantisedDtype;
}

/**
 * A model as tfjs's io handlers pass it on: topology, weights and user-defined metadata. The model stays as it is.
 *
 * @example
 * const artifacts = await layersModelArtifacts(model);
 * const copy = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
 */
export async function layersModelArtifacts(
  model: tf.LayersModel,
  { description }: Pick<LayersModelOptions, 'description'> = {},
): Promise<tf.io.ModelArtifacts> {
  const saved: tf.io.ModelArtifacts[] = [];
  await model.save(
    tf.io.withSaveHandler((artifacts) => {
      saved.push(artifacts);
      return Promise.resolve({ modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) });
    }),
  );
  const artifacts = loadableArtifacts(model, saved[0]);
  if (description === undefined) return artifacts;
  return {
    ...artifacts,
    userDefinedMetadata: { ...artifacts.userDefinedMetadata, [DESCRIPTION_KEY]: description },
  };
}

/**
 * The bytes of the two files that make a tfjs LayersModel folder, in the format that `tf.loadLayersModel` reads from
 * disk or over HTTP. The same model gives the same bytes.
 *
 * @throws CardinalError naming a weight that the type of `quantize` cannot hold
 *
 * @example
 * const { model: json, weights } = await layersModelFiles(createModel('resnext_toy', { seed: 1 }));
 */
export async function layersModelFiles(
  model: tf.LayersModel,
  options: LayersModelOptions = {},
): Promise<LayersModelFiles> {
  const { weightData, weightSpecs = [], ...artifacts } = await layersModelArtifacts(model, options);
  const { entries, bytes } = storeWeights(namedWeights(weightSpecs, weightData), options.quantize);
  const manifest: tf.io.WeightsManifestConfig = [{ paths: [LAYERS_MODEL_FILES.weights], weights: entries }];
  return { model: JSON.stringify({ ...artifacts, weightsManifest: manifest }), weights: bytes };
}

function namedWeights(
  specs: readonly tf.io.WeightsManifestEntry[],
  data: tf.io.ModelArtifacts['weightData'],
): NamedWeight[] {
  const buffer = tf.io.CompositeArrayBuffer.join(data);
  let offset = 0;
  return specs.map(({ name, shape, dtype }) => {
    if (dtype !== 'float32')
      throw new CardinalError(`${name} is ${dtype}: only float32 weights are exported`);
    const length = shape.reduce((product, extent) => product * extent, 1);
    const values = new Float32Array(buffer, offset, length);
    offset += values.byteLength;
    return { name, shape, data: values };
  });
}

/** Bytes on disk of the folder that {@link layersModelFiles} makes. */
export function bytesOf({ model, weights }: LayersModelFiles): number {
  return new TextEncoder().encode(model).length + weights.length;
}

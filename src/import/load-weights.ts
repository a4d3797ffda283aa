import type * as tf from '@tensorflow/tfjs';

import { givenBytes } from '../given-bytes';
import { checkModel } from '../check-kinds';
import { checkOptions, type OptionNames } from '../check-options';
import type { LoadProgress } from '../data/load-progress';
import { parseSafetensors } from '../safetensors/parse';
import type { StoredTensor } from '../safetensors/tensor';
import { assignTorchTensors, type LoadReport } from './torch-weights';
// A bundler for browsers takes weight-source.ts in its place, as the "browser" field of package.json says.
import { readWeightSource } from './weight-source-node';

export interface LoadWeightsOptions {
  /** `false` loads what fits and reports the rest, as a new classifier needs it; `true` by default. */
  readonly strict?: boolean;
  /** Told how far a download has come. */
  readonly onProgress?: (event: LoadProgress) => void;
}

const OPTIONS: OptionNames<LoadWeightsOptions> = { strict: true, onProgress: true };

/**
 * Gives a model of the zoo the weights that PyTorch has under the same module names; all of them or, on an error, none. What
 * stands before all names, as where the model was wrapped (`module.`, `_orig_mod.`, `backbone.`), is taken off, and the report
 * says so; of weights and their moving average in one file, the average is loaded, as timm does.
 *
 * A string is `hf:OWNER/REPO` on the Hugging Face hub (`hf:OWNER/REPO/FILE@REVISION`; `model.safetensors` of `main` by
 * default), an http or https URL, or in Node the path of a file. In Node, what is fetched is checked, kept in the cache folder
 * and not fetched again while the server has the same; a download that was cut goes on where it stopped.
 *
 * @param source where the tensors are, the bytes of a safetensors file, or the tensors by name
 * @throws InvalidArgumentError for a source that cannot be one
 * @throws SafetensorsError for a damaged file, or one of another kind, saying which and what reads it
 * @throws CardinalError if the source cannot be read or fetched, or if tensors are missing, unexpected or of another shape;
 *   all of them are listed
 *
 * @example
 * const model = createModel('resnet18', { initialise: false });
 * await loadWeights(model, 'hf:timm/resnet18.tv_in1k');
 */
export async function loadWeights(
  model: tf.LayersModel,
  source: string | Uint8Array | ArrayBuffer | ReadonlyMap<string, StoredTensor>,
  options: LoadWeightsOptions = {},
): Promise<LoadReport> {
  checkModel('loadWeights', model);
  checkOptions('loadWeights', options, OPTIONS);
  const { strict = true, onProgress } = options;
  return assignTorchTensors(model, await tensorsOf(source, onProgress), { strict });
}

const SOURCES = "a path, a URL, 'hf:OWNER/REPO', the bytes of a safetensors file or a Map of tensors";

async function tensorsOf(
  source: unknown,
  onProgress: LoadWeightsOptions['onProgress'],
): Promise<ReadonlyMap<string, StoredTensor>> {
  if (typeof source === 'string') return readWeightSource(source, onProgress);
  if (isTensors(source)) return source;
  return parseSafetensors(givenBytes(source, 'source', SOURCES)).tensors;
}

/** A `Map`, whichever realm it is of. */
function isTensors(source: unknown): source is ReadonlyMap<string, StoredTensor> {
  return Object.prototype.toString.call(source) === '[object Map]';
}

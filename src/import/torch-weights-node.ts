import type * as tf from '@tensorflow/tfjs';

import { checkModel, checkText } from '../check-kinds';
import { checkOptions } from '../check-options';
import { check } from '../errors';
import { readSafetensors, writeSafetensors } from '../safetensors/file-node';
import type { StoredTensor } from '../safetensors/tensor';
import {
  ASSIGN_OPTIONS,
  assignTorchTensors,
  torchTensors,
  type AssignOptions,
  type LoadReport,
} from './torch-weights';

/**
 * Gives a model the weights that PyTorch has under the same module names; all of them or, on an error, none.
 *
 * @param source the path of a safetensors file, or tensors by PyTorch's names in PyTorch's layout
 * @param options `strict: false` loads what fits and reports the rest, as a new classifier needs it
 * @throws SafetensorsError for a damaged file
 * @throws CardinalError if the file cannot be read, or if tensors are missing, unexpected or of another shape, listing all
 *
 * @example
 * // torchvision: save_file(resnet18(weights='DEFAULT').state_dict(), 'resnet18.safetensors')
 * await loadTorchWeights(createModel('resnet18'), 'resnet18.safetensors');
 */
export async function loadTorchWeights(
  model: tf.LayersModel,
  source: string | ReadonlyMap<string, StoredTensor>,
  options: AssignOptions = {},
): Promise<LoadReport> {
  checkModel('loadTorchWeights', model);
  checkOptions('loadTorchWeights', options, ASSIGN_OPTIONS);
  const isSource = typeof source === 'string' || source instanceof Map;
  check(isSource, 'source', 'the path of a safetensors file or a Map of tensors', source);
  const tensors = typeof source === 'string' ? (await readSafetensors(source)).tensors : source;
  return assignTorchTensors(model, tensors, options);
}

/**
 * Writes the weights of a model as a safetensors file whose tensors `model.load_state_dict` takes; whole or not at all.
 *
 * torchvision's MNASNet alone takes no tensors from any safetensors file, which cannot hold the version that it asks for: give
 * them `_metadata = model.state_dict()._metadata` first.
 *
 * @throws CardinalError if a weight has no counterpart in PyTorch, or the file cannot be written
 *
 * @example
 * await saveTorchWeights(model, 'resnet18.safetensors');
 * // Python: resnet18().load_state_dict(safetensors.torch.load_file('resnet18.safetensors'))
 */
export async function saveTorchWeights(model: tf.LayersModel, file: string): Promise<void> {
  checkModel('saveTorchWeights', model);
  checkText('file', 'the path of the safetensors file to write', file);
  await writeSafetensors(file, torchTensors(model), new Map([['format', 'pt']]));
}

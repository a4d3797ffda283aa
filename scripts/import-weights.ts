import { createModel, isModelName, listModels, modelInfo, type ModelOptions } from '../models';
import { useBackend, type BackendName } from '../src/backends/use-backend-node';
import type { LoadProgress } from '../src/data/load-progress';
import { unknownChoice } from '../src/errors';
import type { ModelDescription } from '../src/export/model-description';
import {
  checkExportFolder,
  saveLayersModel,
  type SavedLayersModel,
} from '../src/export/save-layers-model-node';
import { loadWeights } from '../src/import/load-weights';
import type { LoadReport } from '../src/import/torch-weights';

export interface ImportRequest {
  /** A name of the zoo. */
  readonly model: string;
  /** What `loadWeights` takes as text: a path, a URL or `hf:OWNER/REPO`. */
  readonly weights: string;
  /** The folder to make. */
  readonly to: string;
  /** `false` leaves what does not fit as it was; default `true`. */
  readonly strict?: boolean;
  readonly numClasses?: number;
  /** As {@link createModel} takes them: weights from TensorFlow want `same` and 0.001. */
  readonly padType?: ModelOptions['padType'];
  readonly normEpsilon?: number;
  /** Of what stays fresh where `strict` is `false`; default 0. */
  readonly seed?: number;
  readonly overwrite?: boolean;
  readonly backend?: BackendName;
  readonly onProgress?: (event: LoadProgress) => void;
}

export interface ImportReport extends SavedLayersModel, LoadReport {
  readonly model: string;
  readonly source: string;
}

/**
 * Writes a model of the zoo with PyTorch's weights as a tfjs LayersModel folder, which is read back before it counts.
 *
 * @throws InvalidArgumentError if the model is unknown or the source cannot be one
 * @throws CardinalError if the weights cannot be had or do not fit, or the folder is there already or cannot be written
 *
 * @example
 * await importWeights({ model: 'resnet18', weights: 'hf:timm/resnet18.tv_in1k', to: 'exports/resnet18' });
 */
export async function importWeights(request: ImportRequest): Promise<ImportReport> {
  const { model: name, weights, to, strict = true, seed = 0, overwrite, onProgress } = request;
  const { numClasses, padType, normEpsilon } = request;
  if (!isModelName(name)) throw unknownChoice('model', name, listModels());
  await checkExportFolder(to, { overwrite });
  await useBackend(request.backend);
  // Fresh values are seen only where some of them stay.
  const model = createModel(name, { numClasses, padType, normEpsilon, seed, initialise: !strict });
  try {
    const report = await loadWeights(model, weights, { strict, onProgress });
    const { inputShape, mean, std } = modelInfo(name);
    const description: ModelDescription = {
      model: name,
      output: 'logits',
      input: { layout: 'NHWC', shape: inputShape, mean, std },
      weights: { kind: 'imported', source: weights },
    };
    const saved = await saveLayersModel(model, to, { overwrite, description });
    return { model: name, source: weights, ...report, ...saved };
  } finally {
    model.dispose();
  }
}

import * as tf from '@tensorflow/tfjs';

import { checkModel, checkText } from '../check-kinds';
import { checkOptions, type OptionNames } from '../check-options';
import { CardinalError } from '../errors';
import {
  checkExportTarget,
  writeExportFolder,
  type TargetOptions,
  type WrittenExport,
} from './export-target-node';
import { LAYERS_MODEL_FILES, layersModelFiles, type LayersModelOptions } from './layers-model';
import { loadLayersModel } from './load-layers-model-node';
import { predictionDifference, predictOf } from './prediction-difference';
import { LARGEST_QUANTISED_DIFFERENCE, type QuantisedDtype } from './quantise';
import { samePredictions } from './same-predictions';

const PROBE = { count: 8, seed: 1 };

export interface SaveOptions extends LayersModelOptions, TargetOptions {}

const OPTIONS: OptionNames<SaveOptions> = { description: true, quantize: true, overwrite: true };

/** What {@link saveLayersModel} wrote and made sure of. */
export interface SavedLayersModel {
  readonly folder: string;
  /** Bytes of each file. */
  readonly files: Readonly<Record<string, number>>;
  /** Bytes of all of them. */
  readonly bytes: number;
  /** The folder was read back and run on so many seeded images on this backend. */
  readonly verified: {
    readonly images: number;
    readonly backend: string;
    /** From the model's predictions, by the largest of them: 0, that is the same bits, unless weights were quantised. */
    readonly largestDifference: number;
  };
}

/** Refuses a folder that {@link saveLayersModel} could not write to; see {@link checkExportTarget}. */
export async function checkExportFolder(folder: string, options: TargetOptions = {}): Promise<void> {
  await checkExportTarget(folder, 'folder', options);
}

/**
 * Writes a model as a tfjs LayersModel folder, `model.json`, `weights.bin` and `SHA256SUMS`, whole or not at all.
 *
 * The folder is written under a temporary name beside the target and read back; only when the copy predicts the same
 * bits for a batch of seeded images, or with quantised weights about the same, is it moved into place.
 *
 * @throws CardinalError as {@link checkExportFolder} does, or if the copy predicts otherwise than the model
 *
 * @example
 * const { bytes } = await saveLayersModel(model, 'exports/resnext_toy', { overwrite: true, quantize: 'float16' });
 * const copy = await tf.loadLayersModel('file://exports/resnext_toy/model.json'); // tfjs-node
 */
export async function saveLayersModel(
  model: tf.LayersModel,
  folder: string,
  options: SaveOptions = {},
): Promise<SavedLayersModel> {
  checkModel('saveLayersModel', model);
  checkText('folder', 'the path of the folder to write', folder);
  checkOptions('saveLayersModel', options, OPTIONS);
  const { files, bytes, verified } = await writeLayersModel(model, folder, options);
  return { folder, files, bytes, verified };
}

/** As {@link saveLayersModel}, with a model card. */
export async function writeLayersModel(
  model: tf.LayersModel,
  folder: string,
  options: SaveOptions & { card?: (saved: SavedLayersModel) => string },
): Promise<SavedLayersModel & { card?: string }> {
  const { overwrite, quantize, card } = options;
  await checkExportFolder(folder, { overwrite });
  const content = await layersModelFiles(model, options);
  const saved = ({ files, bytes, checked }: WrittenExport<number>): SavedLayersModel => ({
    folder,
    files,
    bytes,
    verified: { images: PROBE.count, backend: tf.getBackend(), largestDifference: checked },
  });
  const placed = await writeExportFolder(
    folder,
    new Map<string, string | Uint8Array>([
      [LAYERS_MODEL_FILES.model, content.model],
      [LAYERS_MODEL_FILES.weights, content.weights],
    ]),
    {
      overwrite,
      check: (written) => verify(model, written, folder, quantize),
      card: card && ((written) => card(saved(written))),
    },
  );
  return { ...saved(placed), ...(placed.card !== undefined && { card: placed.card }) };
}

async function verify(
  model: tf.LayersModel,
  written: string,
  folder: string,
  quantize: QuantisedDtype | undefined,
): Promise<number> {
  const copy = await loadLayersModel(written);
  try {
    if (quantize === undefined) {
      if (await samePredictions(model, copy, PROBE)) return 0;
    } else {
      const shapes = model.inputs.map(({ shape }) => shape);
      const probe = { batches: [PROBE.count], seed: PROBE.seed };
      const { largest } = await predictionDifference(predictOf(model), predictOf(copy), shapes, probe);
      if (largest <= LARGEST_QUANTISED_DIFFERENCE[quantize]) return largest;
    }
  } finally {
    copy.dispose();
  }
  throw new CardinalError(
    `${folder} was not written: the exported model predicts otherwise than ${model.name} does`,
  );
}

import { stat } from 'node:fs/promises';

import { createModel, isModelName, listModels } from '../models';
import { useBackend, type BackendName } from '../src/backends/use-backend-node';
import { invalidArgument, nearest } from '../src/errors';
import type { ModelDescription } from '../src/export/model-description';
import {
  checkExportFolder,
  saveLayersModel,
  type SavedLayersModel,
} from '../src/export/save-layers-model-node';
import { readRunConfig, type CheckpointName } from '../src/train/run-folder-node';
import { loadRunModel, type RunModel } from './load-run-model';

export interface ExportRequest {
  /** A run folder, or the name of a model, which is exported with fresh weights. */
  readonly source: string;
  readonly to: string;
  readonly overwrite?: boolean;
  /** Of a run; default `best`. */
  readonly checkpoint?: CheckpointName;
  /** Of the fresh weights of a model; default 0. */
  readonly seed?: number;
  readonly backend?: BackendName;
}

export interface ExportReport extends SavedLayersModel {
  readonly source: string;
  readonly description: ModelDescription;
}

/**
 * Exports a run or a fresh model as a tfjs LayersModel folder, and makes sure that it reloads to the same predictions.
 *
 * @throws InvalidArgumentError if `source` is neither, or an option does not go with it
 * @throws CardinalError if the run is damaged, or the folder is there already or cannot be written
 *
 * @example
 * const { bytes } = await exportModel({ source: 'runs/toy', to: 'exports/toy' });
 */
export async function exportModel(request: ExportRequest): Promise<ExportReport> {
  const { source, to, overwrite, checkpoint, seed } = request;
  await checkExportFolder(to, { overwrite });
  const isRun = (await stat(source).catch(() => undefined)) !== undefined;
  if (isRun && seed !== undefined) {
    throw invalidArgument('--seed', `no seed for a run, whose weights are there (${source})`, seed);
  }
  if (!isRun && checkpoint !== undefined && isModelName(source)) {
    throw invalidArgument(
      '--checkpoint',
      `no checkpoint for a model with fresh weights (${source})`,
      checkpoint,
    );
  }
  const build = isRun ? runModel(source, checkpoint) : freshModel(source, seed);
  const { model, description } = await build(request.backend);
  try {
    const saved = await saveLayersModel(model, to, { overwrite, description });
    return { source, description, ...saved };
  } finally {
    model.dispose();
  }
}

type Build = (backend: BackendName | undefined) => Promise<RunModel>;

function runModel(folder: string, checkpoint: CheckpointName = 'best'): Build {
  return async (backend) => {
    const config = await readRunConfig(folder);
    await useBackend(backend);
    return loadRunModel(folder, config, checkpoint);
  };
}

function freshModel(name: string, seed = 0): Build {
  if (!isModelName(name)) {
    const near = nearest(name, listModels());
    const hint = near === undefined ? '' : ` (did you mean '${near}'?)`;
    throw invalidArgument(
      'source',
      `a run folder that is there, or a model that \`cardinal list\` shows${hint}`,
      name,
    );
  }
  return async (backend) => {
    await useBackend(backend);
    const model = createModel(name, { seed });
    return { model, description: { model: name, output: 'logits', weights: { kind: 'initial', seed } } };
  };
}

import type * as tf from '@tensorflow/tfjs';

import { createModel, isModelName, listModels, type ModelOptions } from '../models';
import { CIFAR10_CLASS_NAMES, CIFAR10_MEAN, CIFAR10_STD } from '../src/data/cifar10-facts';
import { unknownChoice } from '../src/errors';
import type { ModelDescription } from '../src/export/model-description';
import type { RunConfig } from '../src/train/run-config';
import { loadRunWeights, type CheckpointName } from '../src/train/run-folder-node';

const CIFAR10 = { mean: CIFAR10_MEAN, std: CIFAR10_STD, classNames: CIFAR10_CLASS_NAMES };

/** A run's model with a checkpoint's weights, and what a program must know to use it. */
export interface RunModel {
  readonly model: tf.LayersModel;
  readonly description: ModelDescription;
}

/**
 * Builds the model of a run and gives it the weights that evaluation uses: the moving average where the run kept one.
 *
 * @throws CardinalError naming the checkpoint if it is missing, damaged or of another model
 *
 * @example
 * const { model } = await loadRunModel('runs/toy', await readRunConfig('runs/toy'), 'best');
 */
export async function loadRunModel(
  folder: string,
  config: RunConfig,
  checkpoint: CheckpointName,
): Promise<RunModel> {
  const { name, options } = config.model;
  if (!isModelName(name)) throw unknownChoice('model', name, listModels());
  const { mean, std, classNames } = config.data.images ?? CIFAR10;
  const model = createModel(name, { ...(options as ModelOptions), initialise: false });
  try {
    const { ema, progress } = await loadRunWeights(model, folder, checkpoint);
    const description: ModelDescription = {
      model: name,
      output: 'logits',
      input: {
        layout: 'NHWC',
        shape: options.inputShape,
        mean,
        std,
      },
      classNames,
      weights: {
        kind: 'trained',
        data: config.data.name,
        checkpoint,
        epochs: progress.epochsDone,
        averaged: ema !== undefined,
      },
    };
    return { model, description };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { subset } from '../src/data/image-dataset';
import { CardinalError } from '../src/errors';
import { readSafetensors, writeSafetensors } from '../src/safetensors/file-node';
import { decodeTrainState, encodeTrainState } from '../src/train/checkpoint';
import { evaluate } from '../src/train/evaluate';
import type { RunConfig } from '../src/train/run-config';
import { train } from '../src/train/train';
import type { TrainState } from '../src/train/train-state';
import { readWeights } from '../src/train/weights';
import { chooseImages, loadImages } from './run-images';
import { buildRunModel, countParameters, type RunOptions } from './run-training';

export interface DryRunReport {
  readonly model: string;
  readonly backend: string;
  /** What was done, in order, and what it came to. */
  readonly steps: readonly { readonly step: string; readonly outcome: string }[];
}

/**
 * Sends one batch through all that a run does: data, forward and backward pass, optimiser, evaluation, checkpoint.
 * Leaves no file behind.
 *
 * @throws CardinalError if a part of it does not do what it should
 */
export async function dryRun(config: RunConfig, options: RunOptions = {}): Promise<DryRunReport> {
  const steps: { step: string; outcome: string }[] = [];
  const done = (step: string, outcome: string): void => void steps.push({ step, outcome });
  const model = buildRunModel(config);
  const folder = await mkdtemp(join(tmpdir(), 'cardinal-dry-run-'));
  try {
    const { recipe } = config;
    const images = await loadImages(config, options);
    const { train: all, validation = images.test } = chooseImages(config, images);
    const batch = subset(all, { count: recipe.batchSize, seed: recipe.seed });
    const held = subset(validation, {
      count: Math.min(recipe.batchSize, validation.count),
      seed: recipe.seed,
    });
    done('data', `${all.count} training images of ${all.name}, ${batch.imageShape.join('x')}`);
    done('model', `${config.model.name}, ${countParameters(model).trainable} trainable parameters`);

    const before = readWeights(model);
    const states: TrainState[] = [];
    const { history } = await train(
      model,
      { train: batch },
      {
        ...recipe,
        epochs: 1,
        warmupEpochs: 0,
        onCheckpoint: (state) => void states.push(state),
      },
    );
    const after = states[0].weights;
    const still = [...before].filter(([name, { data }]) =>
      after.get(name)?.data.every((v, i) => v === data[i]),
    );
    done('forward, backward', `${recipe.batchSize} images, loss ${history[0].trainLoss.toFixed(4)}`);
    const frozen = still.length === 0 ? '' : `; unchanged: ${still.map(([name]) => name).join(', ')}`;
    done(
      'optimiser',
      `${recipe.optimizer} changed ${before.size - still.length} of ${before.size} weights${frozen}`,
    );

    const { loss, count } = await evaluate(model, held);
    done('evaluation', `${count} images, loss ${loss.toFixed(4)}`);

    const path = join(folder, 'last.safetensors');
    const { tensors, metadata } = encodeTrainState(states[0]);
    await writeSafetensors(path, tensors, metadata);
    const { size } = await stat(path);
    const read = decodeTrainState(await readSafetensors(path));
    const differs = [...after].find(
      ([name, { data }]) => !read.weights.get(name)?.data.every((v, i) => v === data[i]),
    );
    if (differs !== undefined) throw new CardinalError(`the checkpoint gives ${differs[0]} back changed`);
    done('checkpoint', `${(size / 1e6).toFixed(1)} MB written, read back and removed`);
    return { model: config.model.name, backend: config.backend, steps };
  } finally {
    model.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

import type * as tf from '@tensorflow/tfjs';

import { checkDatasetKind, checkModel as checkModelKind } from '../check-kinds';
import { checkOptions, type OptionNames } from '../check-options';
import { checkDataset } from '../data/check-dataset';
import type { ImageDataset } from '../data/image-dataset';
import { invalidArgument } from '../errors';
import { kindOf } from '../kind-of';
import { whileTraining } from './being-trained';
import { checkTraining } from './check-training';
import { logitsModel } from './logits-model';
import { DEFAULT_RECIPE, resolveRecipe, type Recipe } from './recipe';
import type { EpochMetrics, TrainProgress, TrainState } from './train-state';
import { TrainingRun } from './training-run';

/** What a step came to. */
export interface StepEvent {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done in this epoch, this one included. */
  readonly stepsInEpoch: number;
  readonly stepsPerEpoch: number;
  /** Steps done since the start of the run, and steps of the whole run. */
  readonly step: number;
  readonly totalSteps: number;
  /** Images of this batch. */
  readonly batchSize: number;
  /** Mean loss of this batch. */
  readonly loss: number;
  /** Means over this epoch so far. */
  readonly meanLoss: number;
  readonly meanAccuracy: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
}

/** Why a checkpoint is due: an epoch is over, or a signal stopped the run in the midst of one. */
export interface CheckpointEvent {
  readonly reason: 'epoch' | 'interrupted';
  /** Whether the epoch is the best so far; never at an interruption. */
  readonly isBest: boolean;
}

/** What a caller may watch and steer; nothing here changes the numbers. */
export interface TrainHooks {
  /** Once aborted, the step under way is finished, `onCheckpoint` called, and an InterruptedError thrown. */
  readonly signal?: AbortSignal;
  /** Goes on from here as if the run had not stopped. Recipe, model and data must be those of the stopped run. */
  readonly resumeFrom?: TrainState;
  /**
   * Whether a step may run as one call of the backend, which is faster; `true` by default. `false` runs it operation by
   * operation, as a debugger would have it.
   */
  readonly compile?: boolean;
  /** Hears why a step runs operation by operation where the backend could compile others. */
  readonly onNotCompiled?: (reason: string) => void;
  readonly onStep?: (event: StepEvent) => void;
  readonly onValidation?: (done: number, total: number) => void;
  readonly onEpoch?: (metrics: EpochMetrics, isBest: boolean) => void;
  /** Keeps the state; awaited before the run goes on. */
  readonly onCheckpoint?: (state: TrainState, event: CheckpointEvent) => void | Promise<void>;
}

export type TrainOptions = Partial<Recipe> & TrainHooks;

/** The names of the options: those of a recipe, and the hooks. */
const OPTIONS = {
  ...(Object.fromEntries(Object.keys(DEFAULT_RECIPE).map((name) => [name, true])) as Record<
    keyof Recipe,
    true
  >),
  signal: true,
  resumeFrom: true,
  compile: true,
  onNotCompiled: true,
  onStep: true,
  onValidation: true,
  onEpoch: true,
  onCheckpoint: true,
} as const satisfies OptionNames<TrainOptions>;

export interface TrainData {
  readonly train: ImageDataset;
  /** Decides which epoch is the best. Never the test images. */
  readonly validation?: ImageDataset;
}

const DATA: OptionNames<TrainData> = { train: true, validation: true };

export interface TrainResult {
  readonly recipe: Recipe;
  /** One entry for each epoch. */
  readonly history: readonly EpochMetrics[];
  /** The best epoch by validation accuracy, the first of equals; the last epoch if there are no validation images. */
  readonly best: NonNullable<TrainProgress['best']>;
  readonly steps: number;
}

/**
 * Trains a model that outputs logits, or ends in a softmax of them, to classify images.
 *
 * It runs under {@link accelerate}. It changes the model's weights in place; at the end they are those that evaluation uses: the moving average if the
 * recipe keeps one, else those of the last step. All that is random follows from `seed`, so that on one backend
 * the same call gives the same weights. An epoch leaves out the images that do not fill a last batch.
 *
 * @param options parts of a recipe, the rest being `DEFAULT_RECIPE`, and hooks
 * All of it runs on the backend that is current at the call; whoever switches to another meanwhile has that between the steps.
 *
 * @throws InvalidArgumentError for options out of range, a model that does not fit the data or is being trained already, or data
 *   that do not fit together
 * @throws InterruptedError once `signal` is aborted
 * @throws CardinalError when the loss stops being a finite number; the last checkpoint is from before
 *
 * @example
 * const { train: images, test } = await loadCifar10();
 * const { train: part, validation } = split(images, { validation: 5_000, seed: 1 });
 * await train(model, { train: part, validation }, { epochs: 30, seed: 1 });
 * (await evaluate(model, test)).accuracy;
 */
export async function train(
  model: tf.LayersModel,
  data: TrainData,
  options: TrainOptions = {},
): Promise<TrainResult> {
  checkModelKind('train', model);
  checkDataKinds(data);
  checkOptions('train', options, OPTIONS);
  const { signal, resumeFrom, compile, onNotCompiled, ...others } = options;
  const { onStep, onValidation, onEpoch, onCheckpoint, ...given } = others;
  checkDataset(data.train, 'data.train');
  const recipe = resolveRecipe(given, data.train.count);
  checkTraining(model, data, recipe, { compile });
  const hooks: TrainHooks = {
    signal,
    resumeFrom,
    compile,
    onNotCompiled,
    onStep,
    onValidation,
    onEpoch,
    onCheckpoint,
  };
  const { model: logits, release } = logitsModel(model);
  try {
    return await whileTraining(logits, () => runTraining(logits, data, recipe, hooks));
  } finally {
    release();
  }
}

async function runTraining(...parts: ConstructorParameters<typeof TrainingRun>): Promise<TrainResult> {
  const run = new TrainingRun(...parts);
  try {
    await run.toTheEnd();
    return run.result();
  } finally {
    run.dispose();
  }
}

/** Throws unless datasets came under the names that they have here. */
function checkDataKinds(data: TrainData): void {
  const expected = 'an object of `train` and perhaps `validation`, image datasets';
  if (kindOf(data) === 'ImageDataset') throw invalidArgument('data', `${expected}: { train: dataset }`, data);
  if (typeof data !== 'object' || kindOf(data) !== undefined) throw invalidArgument('data', expected, data);
  // What the loaders return has the images of the test too.
  checkOptions('data', data, DATA, ['test']);
  checkDatasetKind('data.train', data.train);
  if (data.validation !== undefined) checkDatasetKind('data.validation', data.validation);
}

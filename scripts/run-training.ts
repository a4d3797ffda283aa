import * as tf from '@tensorflow/tfjs';

import { createModel, freeze, isModelName, listModels, type ModelName, type ModelOptions } from '../models';
import { tensorflowVersion } from '../src/backends/tensorflow/load-tfjs-node';
import { useBackend, type BackendName } from '../src/backends/use-backend-node';
import { CIFAR10_TRAIN_IMAGES } from '../src/data/cifar10-facts';
import type { ImageDataset } from '../src/data/image-dataset';
import type { LoadProgress } from '../src/data/load-progress';
import { unknownChoice } from '../src/errors';
import { withFolderLock } from '../src/files/folder-lock';
import { makeFolder } from '../src/files/make-folder';
import { writing } from '../src/files/writing';
import { checkTraining } from '../src/train/check-training';
import { evaluate } from '../src/train/evaluate';
import { resolveRecipe, type Recipe } from '../src/train/recipe';
import type { RunConfig, RunResult } from '../src/train/run-config';
import {
  checkRunFolder,
  createRun,
  hasCheckpoint,
  lacksMetrics,
  loadRunWeights,
  readCheckpoint,
  readResult,
  readRunConfig,
  writeMetrics,
  writeProgress,
  writeResult,
} from '../src/train/run-folder-node';
import { train, type StepEvent, type TrainData } from '../src/train/train';
import type { EpochMetrics, TrainProgress, TrainState } from '../src/train/train-state';
import { adviceOnGradients, composesGradients } from './composed-gradients';
import { packageVersion } from './package-version';
import { chooseImages, loadImages, type ImageReporter, type LoadedImages } from './run-images';

/** What a person may choose of a run's model. */
export type RunModelOptions = Pick<
  ModelOptions,
  'implementation' | 'dropRate' | 'groups' | 'width' | 'padType' | 'normEpsilon'
>;

/** The same as a config has them: with the defaults that every model shares, and of others those that were chosen. */
export function chosenOptions({ groups, width, padType, normEpsilon, ...shared }: RunModelOptions) {
  return {
    dropRate: shared.dropRate ?? 0,
    implementation: shared.implementation ?? 'auto',
    ...(groups !== undefined && { groups }),
    ...(width !== undefined && { width }),
    ...(padType !== undefined && { padType }),
    ...(normEpsilon !== undefined && { normEpsilon }),
  };
}

/** What a person asks of a run; what is left out has a default. */
export interface RunRequest {
  readonly model: string;
  readonly modelOptions?: RunModelOptions;
  readonly data?: Partial<Omit<RunConfig['data'], 'name'>>;
  readonly recipe?: Partial<Recipe>;
  readonly backend?: BackendName;
}

export interface RunStart {
  readonly folder: string | undefined;
  readonly config: RunConfig;
  readonly trainImages: number;
  readonly validationImages: number;
  readonly parameters: RunResult['parameters'];
  /** Where a resumed run goes on. */
  readonly resumedAt?: TrainProgress;
}

/** Told about a run as it goes. */
export interface RunReporter extends ImageReporter {
  /** The data is there and the first step is next. */
  onStart?(start: RunStart): void;
  onStep?(event: StepEvent): void;
  onEpoch?(metrics: EpochMetrics, isBest: boolean): void;
  /** Test images done, and all of them. */
  onTest?(done: number, total: number): void;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly reporter?: RunReporter;
  /** The data, where the caller has it in memory already. */
  readonly images?: LoadedImages;
}

/**
 * Chooses the backend and completes a request to the config of a run.
 *
 * @throws InvalidArgumentError for an unknown model, or options out of range
 */
export async function resolveRun(request: RunRequest): Promise<RunConfig> {
  const { model, modelOptions = {}, data = {} } = request;
  if (!isModelName(model)) throw unknownChoice('model', model, listModels());
  const { subset: wanted } = data;
  const validation = data.validation ?? Math.min(5_000, Math.round((wanted ?? CIFAR10_TRAIN_IMAGES) / 10));
  const recipe = resolveRecipe(request.recipe, countTrainImages({ subset: wanted, validation }));
  const { backend } = await useBackend(request.backend);
  return {
    model: {
      name: model,
      options: {
        numClasses: 10,
        inputShape: [32, 32, 3],
        seed: recipe.seed,
        ...chosenOptions(modelOptions),
      },
    },
    data: { name: 'cifar10', source: data.source, subset: wanted, validation },
    recipe,
    backend,
    versions: versions(backend),
  };
}

/** How many images of CIFAR-10 a run trains on. */
export function countTrainImages({
  subset,
  validation,
}: Pick<RunConfig['data'], 'subset' | 'validation'>): number {
  return subset ?? CIFAR10_TRAIN_IMAGES - validation;
}

/**
 * A whole run: trains in a new run folder, tests the best checkpoint on all test images and writes the result.
 *
 * @returns what `result.json` then holds
 * @throws InterruptedError once `signal` is aborted, after the state was saved
 *
 * @example
 * const config = await resolveRun({ model: 'resnext_toy', data: { subset: 10_000 }, recipe: { epochs: 10 } });
 * const { testAccuracy } = await startRun('runs/toy', config);
 */
export async function startRun(
  folder: string,
  config: RunConfig,
  options: RunOptions & { overwrite?: boolean } = {},
): Promise<RunResult> {
  await checkRunFolder(folder, options);
  const model = await buildFirstModel(config, options);
  try {
    const images = await loadImages(config, options);
    const data = chooseImages(config, images);
    // A folder that was made for a run that cannot be would be in the way of the corrected one.
    checkTraining(model, data, config.recipe);
    await writing(folder, () => makeFolder(folder));
    return await withFolderLock(folder, async () => {
      await createRun(folder, config, options);
      await trainInFolder({ folder, config, model, data }, options);
      return finishRun({ folder, config, model, data }, images.test, options);
    });
  } finally {
    model.dispose();
  }
}

/**
 * Goes on with a run that was stopped, as if it had not been; a run that is over gives its result at once.
 *
 * @throws CardinalError if the folder holds no run, or a damaged one, or if another process works in it
 */
export async function resumeRun(folder: string, options: ResumeOptions = {}): Promise<RunResult> {
  const finished = await finishedRun(folder, options);
  if (finished !== undefined) return finished;
  return withFolderLock(folder, () => goOn(folder, options));
}

/** Of a resumed run. */
interface ResumeOptions extends RunOptions {
  readonly backend?: BackendName;
  readonly source?: string;
}

/** The result of a run that is over, and whole. */
async function finishedRun(folder: string, { reporter }: RunOptions): Promise<RunResult | undefined> {
  await readRunConfig(folder);
  const finished = await readResult(folder);
  if (await lacksMetrics(folder)) return undefined;
  if (finished !== undefined) reporter?.onNote?.(`${folder} is finished: nothing to resume`);
  return finished;
}

async function goOn(folder: string, options: ResumeOptions): Promise<RunResult> {
  if (await lacksMetrics(folder)) {
    await writeMetrics(folder, (await readCheckpoint(folder, 'last')).progress.history);
  }
  // Whoever had the lock before may have come to an end meanwhile.
  const finished = await finishedRun(folder, options);
  if (finished !== undefined) return finished;
  const config = await readRunConfig(folder);
  const state = (await hasCheckpoint(folder, 'last')) ? await readCheckpoint(folder, 'last') : undefined;
  const { backend } = await useBackend(options.backend ?? (config.backend as BackendName));
  const here = { ...config, backend, data: { ...config.data, source: options.source ?? config.data.source } };
  const model = state === undefined ? await buildFirstModel(here, options) : buildRunModel(here);
  try {
    const images = await loadImages(here, options);
    const data = chooseImages(config, images);
    await trainInFolder({ folder, config: here, model, data }, options, state);
    return await finishRun({ folder, config: here, model, data }, images.test, options);
  } finally {
    model.dispose();
  }
}

/** The model of a run, with fresh weights. */
export function buildRunModel(config: RunConfig): tf.LayersModel {
  return frozen(config, createModel(modelName(config), config.model.options as ModelOptions));
}

/** The model of a run with the weights that it starts from. */
async function buildFirstModel(config: RunConfig, { reporter }: RunOptions): Promise<tf.LayersModel> {
  const { options, weights } = config.model;
  if (weights === undefined) return buildRunModel(config);
  const onProgress = (event: LoadProgress): void => reporter?.onData?.(event);
  const loaded = createModel(modelName(config), { ...(options as ModelOptions), weights, onProgress });
  return frozen(config, await loaded);
}

function modelName({ model: { name } }: RunConfig): ModelName {
  if (!isModelName(name)) throw unknownChoice('model', name, listModels());
  return name;
}

function frozen({ model: { freeze: module } }: RunConfig, model: tf.LayersModel): tf.LayersModel {
  if (module === undefined) return model;
  try {
    freeze(model, module);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

interface Run {
  readonly folder: string;
  readonly config: RunConfig;
  readonly model: tf.LayersModel;
  readonly data: TrainData;
}

async function trainInFolder(run: Run, options: RunOptions, state?: TrainState): Promise<void> {
  const { folder, config, model, data } = run;
  const { reporter, signal } = options;
  reporter?.onStart?.({
    folder,
    config,
    trainImages: data.train.count,
    validationImages: data.validation?.count ?? 0,
    parameters: countParameters(model),
    resumedAt: state?.progress,
  });
  if (composesGradients(model)) reporter?.onNote?.(adviceOnGradients());
  await train(model, data, {
    ...config.recipe,
    signal,
    resumeFrom: state,
    onNotCompiled: (reason) => reporter?.onNote?.(`each step runs operation by operation: ${reason}`),
    onStep: (event) => reporter?.onStep?.(event),
    onEpoch: (metrics, isBest) => reporter?.onEpoch?.(metrics, isBest),
    onCheckpoint: (reached, event) => writeProgress(folder, reached, event),
  });
}

async function finishRun(run: Run, test: ImageDataset, options: RunOptions): Promise<RunResult> {
  const { folder, config, model, data } = run;
  const { history } = (await readCheckpoint(folder, 'last')).progress;
  const { best } = (await loadRunWeights(model, folder, 'best')).progress;
  const { reporter, signal } = options;
  const { testTimeAugmentation } = config.recipe;
  const onProgress = (done: number, total: number): void => reporter?.onTest?.(done, total);
  const tested = await evaluate(model, test, { testTimeAugmentation, signal, onProgress });
  const once =
    testTimeAugmentation === 'none' ? undefined : await evaluate(model, test, { signal, onProgress });
  const result: RunResult = {
    model: config.model.name,
    testAccuracy: tested.accuracy,
    ...(once && { singleViewAccuracy: once.accuracy }),
    testLoss: tested.loss,
    testImages: tested.count,
    testData: test.name,
    testImagesPerSecond: tested.imagesPerSecond,
    classAccuracy: Object.fromEntries(
      test.classNames.map((name, i) => [
        name,
        Number.isNaN(tested.classAccuracy[i]) ? null : tested.classAccuracy[i],
      ]),
    ),
    confusion: tested.confusion.map((row) => [...row]),
    epochs: config.recipe.epochs,
    bestEpoch: best?.epoch ?? history.length,
    validationAccuracy: best?.validationAccuracy,
    trainImages: data.train.count,
    trainImagesPerSecond: steadyRate(history),
    trainSeconds: history.reduce((sum, { seconds }) => sum + seconds, 0),
    parameters: countParameters(model),
    backend: config.backend,
  };
  await writeResult(folder, result);
  return result;
}

/** The median rate of the epochs but the first, in which buffers and kernels are still made. */
export function steadyRate(history: readonly Pick<EpochMetrics, 'imagesPerSecond'>[]): number {
  const rates = history.slice(history.length > 1 ? 1 : 0).map(({ imagesPerSecond }) => imagesPerSecond);
  rates.sort((a, b) => a - b);
  const middle = Math.floor(rates.length / 2);
  return rates.length % 2 === 1 ? rates[middle] : (rates[middle - 1] + rates[middle]) / 2;
}

export function countParameters(model: tf.LayersModel): RunResult['parameters'] {
  const count = (weights: readonly tf.LayerVariable[]): number =>
    weights.reduce((sum, { shape }) => sum + shape.reduce<number>((product, n) => product * (n ?? 0), 1), 0);
  const trainable = count(model.trainableWeights);
  const total = count(model.weights);
  return { trainable, nonTrainable: total - trainable, total };
}

/** What a run was made with. */
export function versions(backend: string): Record<string, string> {
  return {
    'tfjs-cardinal': packageVersion(),
    node: process.versions.node,
    tfjs: tf.version.tfjs,
    ...(backend === 'tensorflow' && { tensorflow: tensorflowVersion() }),
  };
}

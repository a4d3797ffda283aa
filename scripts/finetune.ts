import { resolve } from 'node:path';

import { createModel, freeze, isModelName, listModels, modelInfo, type ModelName } from '../models';
import { useBackend, type BackendName } from '../src/backends/use-backend-node';
import { loadImageFolder } from '../src/data/image-folder';
import { check, unknownChoice } from '../src/errors';
import { batchSizeFor, resolveRecipe, type Recipe } from '../src/train/recipe';
import type { RunConfig } from '../src/train/run-config';
import { type LoadedImages } from './run-images';
import { chosenOptions, versions, type RunModelOptions, type RunReporter } from './run-training';

/** What a person asks of a fine-tuning run; what is left out has a default. */
export interface FinetuneRequest {
  /** A folder of class folders, as {@link loadImageFolder} takes it. */
  readonly folder: string;
  readonly model: string;
  /** Trained weights to start from: a file, a URL or `hf:OWNER/REPO`. Without them the run starts from fresh ones. */
  readonly weights?: string;
  /** The module up to which layers stay as they are. */
  readonly freeze?: string;
  /** Side of the model's input in pixels; by default the one that its weights are tested at. */
  readonly imageSize?: number;
  readonly validationShare?: number;
  readonly modelOptions?: RunModelOptions;
  readonly recipe?: Partial<Recipe>;
  readonly backend?: BackendName;
}

export interface FinetuneRun {
  readonly config: RunConfig;
  readonly images: LoadedImages;
}

/** A first guess that suits a few hundred images and trained weights, which large steps would spoil. */
const GENTLE = {
  sgd: { learningRate: 0.01, weightDecay: 1e-4 },
  adamw: { learningRate: 1e-4, weightDecay: 0.05 },
};
const BATCH_SIZE = 32;
/** Where images are few, a run has more epochs for as many steps, and smaller batches if those do not do. */
const STEPS = 150;
const EPOCHS = { fewest: 10, most: 30 };
const SMALLEST_BATCH = 8;

/**
 * Chooses the backend, reads the images and completes a request to the config of a run, which `startRun` then takes.
 *
 * @throws InvalidArgumentError for an unknown model or module, options out of range, or a folder of another form
 * @throws CardinalError naming a file that is not an image
 *
 * @example
 * const { config, images } = await prepareFinetune({ folder: 'flowers', model: 'resnet18', weights: 'resnet18.safetensors' });
 * await startRun('runs/flowers', config, { images });
 */
export async function prepareFinetune(
  request: FinetuneRequest,
  reporter?: RunReporter,
): Promise<FinetuneRun> {
  const { model: name, weights, freeze: module, modelOptions = {} } = request;
  if (!isModelName(name)) throw unknownChoice('model', name, listModels());
  const { mean, std, crop, interpolation } = modelInfo(name);
  const size = request.imageSize ?? crop.size;
  check(Number.isSafeInteger(size) && size >= 8, '--image-size', 'a whole number of at least 8', size);
  // Bad options are told of before the images are read, which may take minutes.
  const { seed, optimizer } = resolveRecipe(request.recipe);
  const { backend } = await useBackend(request.backend);
  if (module !== undefined) checkModule(name, module);
  const resize = Math.round((crop.resize * size) / crop.size);
  const reading = {
    mean: [...mean],
    std: [...std],
    resize,
    size,
    interpolation,
    validationShare: request.validationShare ?? 0.1,
    seed,
  };
  const onProgress = reporter?.onData?.bind(reporter);
  const onNote = reporter?.onNote?.bind(reporter);
  const images = await loadImageFolder(request.folder, { ...reading, onProgress, onNote });
  const { classNames, count } = images.train;
  const epochs = request.recipe?.epochs ?? epochsFor(count);
  const recipe = resolveRecipe({
    epochs,
    batchSize: batchSizeFor(count, epochs, { largest: BATCH_SIZE, smallest: SMALLEST_BATCH }),
    // An eighth a side, as 4 pixels of CIFAR's 32.
    padCrop: Math.round(size / 8),
    ...(weights !== undefined && GENTLE[optimizer]),
    ...withoutUndefined(request.recipe ?? {}),
  });
  const config: RunConfig = {
    model: {
      name,
      options: {
        numClasses: classNames.length,
        inputShape: [size, size, 3],
        seed,
        ...chosenOptions(modelOptions),
      },
      weights: weights === undefined || isRemote(weights) ? weights : resolve(weights),
      freeze: module,
    },
    data: {
      name: 'image-folder',
      source: resolve(request.folder),
      images: { classNames: [...classNames], ...reading },
      validation: images.validation.count,
    },
    recipe,
    backend,
    versions: versions(backend),
  };
  return { config, images };
}

/** As many epochs as give a run its steps, within bounds. */
function epochsFor(images: number): number {
  const wanted = Math.ceil(STEPS / Math.max(1, Math.floor(images / BATCH_SIZE)));
  return Math.min(EPOCHS.most, Math.max(EPOCHS.fewest, wanted));
}

/** The error for a module that the model does not have. */
function checkModule(name: ModelName, module: string): void {
  const model = createModel(name, { initialise: false });
  try {
    freeze(model, module);
    check(model.trainableWeights.length > 0, '--freeze', 'a module that leaves a layer to train', module);
  } finally {
    model.dispose();
  }
}

/** Whether a source of weights is more than the path of a file: `hf:…` or `https://…`. */
function isRemote(weights: string): boolean {
  return /^(hf|https?):/.test(weights);
}

function withoutUndefined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';

import type { BackendName } from '../src/backends/use-backend-node';
import { CardinalError, invalidArgument } from '../src/errors';
import type { RunConfig } from '../src/train/run-config';
import { checkRunFolder, createRun, isRunFolder, readRunConfig } from '../src/train/run-folder-node';
import { forImages, NATIVE_RECIPE, QUICKSTART_MODELS, SLOW_RECIPE } from './quickstart-recipe';
import { chooseImages, type LoadedImages } from './run-images';
import { resolveRun } from './run-training';

export interface QuickstartRequest {
  /** Where everything goes. */
  readonly to: string;
  readonly epochs?: number;
  readonly subset?: number;
  readonly seed?: number;
  readonly backend?: BackendName;
  /** The user's own copy of CIFAR-10. */
  readonly source?: string;
  /** Trains anew, in place of the runs that are there. */
  readonly fresh?: boolean;
}

export interface QuickstartRun {
  readonly model: string;
  readonly folder: string;
  readonly config: RunConfig;
  /** Where the model is exported to. */
  readonly exported: string;
}

type Request = QuickstartRequest & { readonly backend: BackendName };

/**
 * The runs of a quickstart: those that are in the folder, or new ones, of which only the configs are written.
 *
 * @param onNote told in one line each what a person might not expect
 * @param images asked for before new configs are written, to see that there are as many as the runs need
 * @throws InvalidArgumentError for options that the runs in the folder were not started with
 * @throws CardinalError if what is there was not trained alike, or the folder cannot be written
 */
export async function openQuickstartRuns(
  request: Request,
  { onNote, images }: { onNote: (text: string) => void; images: () => Promise<LoadedImages> },
): Promise<QuickstartRun[]> {
  const places = QUICKSTART_MODELS.map((model) => ({
    model,
    folder: join(request.to, model),
    exported: join(request.to, 'exports', model),
  }));
  const found = await Promise.all(places.map(({ folder }) => isRunFolder(folder)));
  if (request.fresh === true || !found.includes(true)) {
    const configs = await newConfigs(request, onNote);
    for (const { folder } of places) await checkRunFolder(folder, { overwrite: true });
    chooseImages(configs[0], await images());
    for (const [i, { folder }] of places.entries()) await createRun(folder, configs[i], { overwrite: true });
    return places.map((place, i) => ({ ...place, config: configs[i] }));
  }
  const missing = places.find((_, i) => !found[i]);
  if (missing !== undefined)
    throw new CardinalError(`${missing.folder} is missing: ${startAnew(request.to)}`);
  const configs = await Promise.all(places.map(({ folder }) => readRunConfig(folder)));
  configs.forEach((config, i) => checkAlike(places[i], config, configs[0]));
  checkAsked(request, configs[0]);
  if (configs[0].backend !== request.backend) {
    onNote(
      `${request.to} was started on the ${configs[0].backend} backend, and this is ${request.backend}: ` +
        '--fresh trains anew here',
    );
  }
  return places.map((place, i) => ({ ...place, config: configs[i] }));
}

function startAnew(folder: string): string {
  return `--fresh starts ${folder} anew, --to takes another folder`;
}

async function newConfigs(
  { backend, epochs, subset, seed, source }: Request,
  onNote: (text: string) => void,
): Promise<RunConfig[]> {
  const isNative = backend === 'tensorflow';
  const chosen = isNative ? NATIVE_RECIPE : SLOW_RECIPE;
  if (!isNative && (epochs === undefined || subset === undefined)) {
    onNote(
      `the ${backend} backend trains several times slower than TensorFlow, so this is a small trial, whose ` +
        `accuracies will be low: ${subset ?? chosen.subset} images and ${epochs ?? chosen.recipe.epochs} epochs ` +
        `instead of ${NATIVE_RECIPE.subset} and ${NATIVE_RECIPE.recipe.epochs}; --subset and --epochs choose others`,
    );
  }
  const given = {
    ...(epochs !== undefined && { epochs, warmupEpochs: undefined }),
    ...(seed !== undefined && { seed }),
  };
  const images = subset ?? chosen.subset;
  const request = {
    data: { subset: images, source },
    recipe: { ...forImages(chosen, images, epochs), ...given },
    backend,
  };
  const configs: RunConfig[] = [];
  // One after the other: a backend that is being started cannot be started again meanwhile.
  for (const model of QUICKSTART_MODELS) configs.push(await resolveRun({ ...request, model }));
  return configs;
}

/** Runs that were trained otherwise than the first must not stand beside it as if they had not been. */
function checkAlike(place: { model: string; folder: string }, config: RunConfig, first: RunConfig): void {
  const alike =
    config.model.name === place.model &&
    isDeepStrictEqual(config.recipe, first.recipe) &&
    config.data.subset === first.data.subset &&
    config.data.validation === first.data.validation;
  if (alike) return;
  throw new CardinalError(
    `${place.folder} was not trained like the others: --fresh starts all anew, --to takes another folder`,
  );
}

/** What is asked for must be what is there; what is not asked for may be anything. */
function checkAsked({ to, epochs, subset, seed }: Request, { recipe, data }: RunConfig): void {
  const asked: [flag: string, asked: number | undefined, there: number | undefined][] = [
    ['--epochs', epochs, recipe.epochs],
    ['--subset', subset, data.subset],
    ['--seed', seed, recipe.seed],
  ];
  for (const [flag, wanted, there] of asked) {
    if (wanted === undefined || wanted === there) continue;
    throw invalidArgument(flag, `${there}, which the runs in ${to} have (${startAnew(to)})`, wanted);
  }
}

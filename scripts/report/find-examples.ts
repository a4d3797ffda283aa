import { CardinalError } from '../../src/errors';
import type { RunConfig } from '../../src/train/run-config';
import { loadRunModel } from '../load-run-model';
import { loadImages, type ImageReporter, type LoadedImages } from '../run-images';
import { chooseExamples } from './choose-examples';
import type { LabelledRuns } from './group-finished-runs';
import { predictImages } from './predict-images';
import type { ReportGroup } from './report';

export interface FindExamplesOptions {
  /** The user's own copy of the data. */
  readonly source?: string;
  readonly signal?: AbortSignal;
  readonly reporter?: ImageReporter;
  /** Told whose examples are looked for, and how many test images are done. */
  readonly onProgress?: (label: string, done: number, total: number) => void;
  /** The images, where the caller has them in memory already. */
  readonly loadedImages?: LoadedImages;
}

/**
 * Example images for the first run of each group, by what its best checkpoint makes of all test images.
 *
 * @throws CardinalError where the images cannot be had
 * @throws InterruptedError once `signal` is aborted
 */
export async function findExamples(
  groups: readonly LabelledRuns[],
  options: FindExamplesOptions,
): Promise<ReportGroup['examples'][]> {
  const loaded = new Map<string, LoadedImages>();
  const found: ReportGroup['examples'][] = [];
  for (const { label, runs } of groups) {
    const [{ folder, config }] = runs;
    const data = { ...config.data, source: options.source ?? config.data.source };
    const key = JSON.stringify([data.name, data.source, data.images]);
    const images = loaded.get(key) ?? (await load(data, options));
    loaded.set(key, images);
    found.push(await examplesOf(folder, config, images, label, options));
  }
  return found;
}

async function examplesOf(
  folder: string,
  config: RunConfig,
  { test }: LoadedImages,
  label: string,
  { signal, onProgress }: FindExamplesOptions,
): Promise<ReportGroup['examples']> {
  const { model } = await loadRunModel(folder, config, 'best');
  try {
    const predictions = await predictImages(model, test, {
      testTimeAugmentation: config.recipe.testTimeAugmentation,
      signal,
      onProgress: (done, total) => onProgress?.(label, done, total),
    });
    return await chooseExamples(predictions, test);
  } finally {
    model.dispose();
  }
}

async function load(
  data: RunConfig['data'],
  { reporter, loadedImages: images }: FindExamplesOptions,
): Promise<LoadedImages> {
  try {
    return await loadImages({ data }, { reporter, images });
  } catch (error) {
    if (!(error instanceof CardinalError)) throw error;
    throw new CardinalError(`${error.message}; --no-images leaves example images out`, { cause: error });
  }
}

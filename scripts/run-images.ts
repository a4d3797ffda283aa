import { loadCifar10 } from '../src/data/cifar10';
import { loadImageFolder } from '../src/data/image-folder';
import { split, subset, type ImageDataset } from '../src/data/image-dataset';
import type { LoadProgress } from '../src/data/load-progress';
import { CardinalError, check } from '../src/errors';
import type { RunConfig } from '../src/train/run-config';
import type { TrainData } from '../src/train/train';

/** Told how the images of a run are read. */
export interface ImageReporter {
  onData?(event: LoadProgress): void;
  onNote?(text: string): void;
}

export interface LoadedImages {
  readonly train: ImageDataset;
  /** Where it is apart from the training images; else a run takes it out of them. */
  readonly validation?: ImageDataset;
  readonly test: ImageDataset;
}

/**
 * Reads the images that a run takes its own from.
 *
 * @throws CardinalError where a file of the cache is damaged, or a folder has other classes than it had: a run must not go on
 *   with other bytes unnoticed
 */
export async function loadImages(
  config: Pick<RunConfig, 'data'>,
  { reporter, images }: { readonly reporter?: ImageReporter; readonly images?: LoadedImages },
): Promise<LoadedImages> {
  if (images !== undefined) return images;
  const { source, images: reading } = config.data;
  if (reading !== undefined) return loadRunFolder(source ?? '', reading, reporter);
  return loadCifar10({
    source,
    onDamaged: 'throw',
    onProgress: (event) => reporter?.onData?.(event),
    onNote: (text) => reporter?.onNote?.(text),
  });
}

async function loadRunFolder(
  folder: string,
  reading: NonNullable<RunConfig['data']['images']>,
  reporter: ImageReporter | undefined,
): Promise<LoadedImages> {
  const { classNames, ...options } = reading;
  const onProgress = (event: LoadProgress): void => reporter?.onData?.(event);
  const onNote = reporter?.onNote?.bind(reporter);
  const images = await loadImageFolder(folder, { ...options, onProgress, onNote });
  const found = images.train.classNames;
  if (found.join('/') !== classNames.join('/')) {
    throw new CardinalError(
      `${folder} has the classes ${found.join(', ')}, the run ${classNames.join(', ')}`,
    );
  }
  return images;
}

/** The training and validation images of a run: disjoint, class-balanced, drawn by its seed. */
export function chooseImages({ data, recipe }: RunConfig, images: LoadedImages): TrainData {
  const { train: all } = images;
  if (images.validation !== undefined) return { train: all, validation: images.validation };
  const { subset: wanted, validation: held } = data;
  const { seed, batchSize } = recipe;
  const most = all.count - held;
  check(batchSize <= all.count, '--batch-size', `at most ${all.count}, the training images`, batchSize);
  const range = `at most ${all.count - batchSize}, so that a batch of the ${all.count} images is left`;
  check(most >= batchSize, '--validation', range, held);
  if (wanted !== undefined) {
    const spread = `a whole number from ${batchSize} (a batch) to ${most} (${held} more validate)`;
    check(wanted >= batchSize && wanted <= most, '--subset', spread, wanted);
  }
  if (held === 0) return { train: wanted === undefined ? all : subset(all, { count: wanted, seed }) };
  const { train: rest, validation } = split(all, { validation: held, seed });
  if (wanted === undefined) return { train: rest, validation };
  return { train: subset(all, { count: wanted, seed, exclude: validation.indices }), validation };
}

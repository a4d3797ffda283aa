import { readdir } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';

import { CardinalError, check, invalidArgument, unknownChoice } from '../errors';
import { decodeImages, type ImageSize } from './decode-image';
import type { ImageDataset } from './image-dataset';
import type { LoadProgress } from './load-progress';
import { seededRandom } from './random';

/** How the images of a folder become a model's input. */
export interface ImageFolderOptions extends ImageSize {
  /** Mean and standard deviation of each channel, of pixels scaled to [0, 1], which the model expects. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Share of each class's training images that are held out where there is no folder for validation; 0.1 by default. */
  readonly validationShare?: number;
  /** Draws those; 0 by default. */
  readonly seed?: number;
  readonly onProgress?: (event: LoadProgress) => void;
}

/** The images of a folder, all of one size. */
export interface ImageFolder {
  readonly train: ImageDataset;
  /** Chooses the best epoch: those of `val`, or those held out of the training images. */
  readonly validation: ImageDataset;
  /** What the result is measured on: those of `test`, or where there is none those of `validation`. */
  readonly test: ImageDataset;
}

const EXTENSIONS: ReadonlySet<string> = new Set(['.png', '.jpg', '.jpeg']);
const VALIDATION_FOLDERS = ['val', 'valid', 'validation'] as const;
// Labels are bytes.
const MOST_CLASSES = 256;
// The longest array that Node 20 can hold.
const MOST_BYTES = 4 * 2 ** 30;

/** An image file, and the index of its class. */
interface LabelledFile {
  readonly path: string;
  readonly label: number;
}

/**
 * PNG and JPEG images sorted into a folder for each class: `FOLDER/daisy/1.jpg`, or `FOLDER/train/daisy/1.jpg` with
 * `FOLDER/val` and `FOLDER/test`, one or both. Classes are numbered by their names in alphabetical order.
 *
 * Each image is scaled until its shorter side is `resize` pixels, and the square in its centre cut out, as torchvision
 * does for evaluation. Hidden files, and files beside the class folders, are passed over.
 *
 * @throws InvalidArgumentError for a folder that is not there or not of this form, a class without images, fewer than 2 or
 *   more than 256 classes, or options out of range
 * @throws CardinalError naming a file that is not an image, or images too many for the memory at this size
 *
 * @example
 * const { mean, std, crop, interpolation } = modelInfo('resnet18');
 * const flowers = await loadImageFolder('flowers', { ...crop, interpolation, mean, std });
 * flowers.train.classNames; // ['daisy', 'rose', …]
 */
export async function loadImageFolder(folder: string, options: ImageFolderOptions): Promise<ImageFolder> {
  const { validationShare = 0.1, seed = 0 } = options;
  const inRange = validationShare > 0 && validationShare < 1;
  check(inRange, 'validationShare', 'a number above 0 and below 1', validationShare);
  check(Number.isSafeInteger(seed), 'seed', 'a whole number', seed);
  const { root, folders } = await findFolders(folder);
  const classNames = await readClassNames(root);
  const all = await listImages(root, classNames, classNames);
  const [validation, test] = await Promise.all(
    [folders.validation, folders.test].map(async (path) => {
      if (path === undefined) return undefined;
      return listImages(path, await foldersIn(path), classNames);
    }),
  );
  const parts =
    validation === undefined ? holdOut(all, classNames, validationShare, seed) : { train: all, validation };
  const lists = [parts.train, parts.validation, ...(test === undefined ? [] : [test])];
  const name = basename(resolve(folder));
  const decoded = await decodeLists(name, lists, classNames, options);
  return { train: decoded[0], validation: decoded[1], test: decoded[2] ?? decoded[1] };
}

async function findFolders(
  folder: string,
): Promise<{ root: string; folders: { validation?: string; test?: string } }> {
  const names = await foldersIn(folder);
  if (!names.includes('train')) return { root: folder, folders: {} };
  const found = VALIDATION_FOLDERS.find((name) => names.includes(name));
  return {
    root: join(folder, 'train'),
    folders: {
      validation: found && join(folder, found),
      test: names.includes('test') ? join(folder, 'test') : undefined,
    },
  };
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
      throw invalidArgument('folder', 'a folder with one folder of images for each class', path);
    }
    throw new CardinalError(`${path} could not be read: ${error.message}`);
  });
  return entries
    .filter((entry) => !entry.isFile() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
}

async function readClassNames(root: string): Promise<string[]> {
  const names = await foldersIn(root);
  const expectation = `from 2 to ${MOST_CLASSES} folders in ${root}, one of images for each class`;
  const received = names.length === 1 ? `one (${names[0]})` : names.length;
  check(names.length >= 2 && names.length <= MOST_CLASSES, 'folder', expectation, received);
  return names;
}

/** The images of the classes `names`, in the order of their labels and names. */
async function listImages(
  root: string,
  names: readonly string[],
  classNames: readonly string[],
): Promise<LabelledFile[]> {
  const files: LabelledFile[] = [];
  for (const name of names) {
    const label = classNames.indexOf(name);
    if (label < 0) throw unknownChoice(`class folder in ${root}`, name, classNames);
    const path = join(root, name);
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const found = entries
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'Thumbs.db')
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    check(found.length > 0, 'folder', `images of the class '${name}'`, `none in ${path}`);
    const other = found.find((file) => !EXTENSIONS.has(extname(file).toLowerCase()));
    if (other !== undefined) {
      throw new CardinalError(`${other} is no .png, .jpg or .jpeg image: take it out of its class's folder`);
    }
    files.push(...found.map((file) => ({ path: file, label })));
  }
  check(files.length > 0, 'folder', 'images in folders, one for each class', `none in ${root}`);
  return files;
}

/** Takes a share of each class, of at least one image, drawn by the seed. */
function holdOut(
  files: readonly LabelledFile[],
  classNames: readonly string[],
  share: number,
  seed: number,
): { train: LabelledFile[]; validation: LabelledFile[] } {
  const held = new Set<LabelledFile>();
  classNames.forEach((name, label) => {
    const pool = files.filter((file) => file.label === label);
    const wanted = `at least 2 images of the class '${name}', since one is held out for validation`;
    check(pool.length >= 2, 'folder', wanted, pool.length);
    const random = seededRandom(seed, label);
    const count = Math.min(pool.length - 1, Math.max(1, Math.round(share * pool.length)));
    for (let i = 0; i < count; i++) held.add(pool.splice(random.below(pool.length), 1)[0]);
  });
  return {
    train: files.filter((file) => !held.has(file)),
    validation: files.filter((file) => held.has(file)),
  };
}

async function decodeLists(
  name: string,
  lists: readonly (readonly LabelledFile[])[],
  classNames: readonly string[],
  options: ImageFolderOptions,
): Promise<ImageDataset[]> {
  const { size, mean, std, onProgress } = options;
  const total = lists.reduce((sum, { length }) => sum + length, 0);
  const largest = Math.max(...lists.map(({ length }) => length)) * size * size * 3;
  if (largest > MOST_BYTES) {
    const gigabytes = (largest / 1e9).toFixed(1);
    throw new CardinalError(
      `${total} images of ${size}x${size} take ${gigabytes} GB: more than one array can hold; take smaller images`,
    );
  }
  const datasets: ImageDataset[] = [];
  let before = 0;
  for (const [i, files] of lists.entries()) {
    const images = await decodeImages(
      files.map(({ path }) => path),
      options,
      (done) => onProgress?.({ phase: `reading ${name}`, done: before + done, total, unit: 'images' }),
    );
    before += files.length;
    datasets.push({
      name: `${name}/${['train', 'validation', 'test'][i]}`,
      images,
      labels: Uint8Array.from(files, ({ label }) => label),
      count: files.length,
      imageShape: [size, size, 3],
      classNames,
      mean,
      std,
    });
  }
  return datasets;
}

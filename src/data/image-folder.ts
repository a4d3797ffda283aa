import { basename, join, resolve } from 'node:path';

import { checkText } from '../check-kinds';
import { checkOptions, type OptionNames } from '../check-options';
import { CardinalError, check, listed, unknownChoice } from '../errors';
import { decodeImages, type ImageSize } from './decode-image';
import { findImages } from './find-images';
import { findSplits } from './find-splits';
import type { ImageDataset } from './image-dataset';
import type { LoadProgress } from './load-progress';
import { seededRandom } from './random';
import { readFolder } from './read-folder';

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
  /** Told in one line each what is passed over or missing. */
  readonly onNote?: (note: string) => void;
}

const OPTIONS: OptionNames<ImageFolderOptions> = {
  resize: true,
  size: true,
  interpolation: true,
  mean: true,
  std: true,
  validationShare: true,
  seed: true,
  onProgress: true,
  onNote: true,
};

/** The images of a folder, all of one size. */
export interface ImageFolder {
  readonly train: ImageDataset;
  /** Chooses the best epoch: those of `val`, or those held out of the training images. */
  readonly validation: ImageDataset;
  /** What the result is measured on: those of `test`, or where there is none those of `validation`. */
  readonly test: ImageDataset;
}

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
 * `FOLDER/val` and `FOLDER/test`, one or both; `training`, `valid`, `validation` and `testing` are other names of
 * those, in any case. A folder of such a name that holds images, not folders, is a class like any. Classes are numbered
 * by their names in the order of code points, as torchvision and Keras do; validation and test images need not have all
 * of them.
 *
 * Each image is scaled until its shorter side is `resize` pixels, and the square in its centre cut out, to the bit as
 * torchvision does for evaluation, and upright. Links are followed. Hidden files and folders, what systems leave behind
 * (`Thumbs.db`, `desktop.ini`, `__MACOSX`), files that are no images, and files beside the class folders are passed
 * over.
 *
 * @throws InvalidArgumentError for a folder that is not there or not of this form, a class without training images or
 *   without a folder in `train`, fewer than 2 or more than 256 classes, or options out of range
 * @throws CardinalError naming an image that cannot be read or is of another format, a link to nothing, or images too
 *   many for the memory at this size
 *
 * @example
 * const { mean, std, crop, interpolation } = modelInfo('resnet18');
 * const flowers = await loadImageFolder('flowers', { ...crop, interpolation, mean, std });
 * flowers.train.classNames; // ['daisy', 'rose', …]
 */
export async function loadImageFolder(folder: string, options: ImageFolderOptions): Promise<ImageFolder> {
  checkText('folder', 'the path of a folder of images', folder);
  checkOptions('loadImageFolder', options, OPTIONS);
  const { validationShare = 0.1, seed = 0 } = options;
  const inRange = validationShare > 0 && validationShare < 1;
  check(inRange, 'validationShare', 'a number above 0 and below 1', validationShare);
  check(Number.isSafeInteger(seed), 'seed', 'a whole number', seed);
  const splits = await findSplits(folder);
  const classNames = await readClassNames(splits.train);
  const notes: Notes = { noImages: [], lines: [] };
  if (splits.others.length > 0) {
    notes.lines.push(`beside ${splits.train}, and passed over: ${listed(splits.others)}`);
  }
  const all = await listTraining(splits.train, classNames, notes);
  const validation = await listHeldOut(splits.validation, classNames, notes);
  const test = await listHeldOut(splits.test, classNames, notes);
  tell(notes, options.onNote ?? (() => {}));
  const parts =
    validation === undefined ? holdOut(all, classNames, validationShare, seed) : { train: all, validation };
  const lists = [parts.train, parts.validation, ...(test === undefined ? [] : [test])];
  const name = basename(resolve(folder));
  const decoded = await decodeLists(name, lists, classNames, options);
  return { train: decoded[0], validation: decoded[1], test: decoded[2] ?? decoded[1] };
}

async function readClassNames(root: string): Promise<readonly string[]> {
  const { folders } = await readFolder(root);
  const expectation = `from 2 to ${MOST_CLASSES} folders in ${root}, one of images for each class`;
  const received = folders.length === 1 ? `one (${folders[0]})` : folders.length;
  check(folders.length >= 2 && folders.length <= MOST_CLASSES, 'folder', expectation, received);
  return folders;
}

/** The images of every class, in the order of their labels and names. */
async function listTraining(
  root: string,
  classNames: readonly string[],
  notes: Notes,
): Promise<LabelledFile[]> {
  const files: LabelledFile[] = [];
  const empty: string[] = [];
  for (const [label, name] of classNames.entries()) {
    const { images, others } = await findImages(join(root, name));
    notes.noImages = notes.noImages.concat(others);
    for (const path of images) files.push({ path, label });
    if (images.length === 0) empty.push(name);
  }
  const plural = empty.length === 1 ? 'class' : 'classes';
  const wanted = `images of the ${plural} ${listed(empty.map((name) => `'${name}'`))}`;
  check(empty.length === 0, 'folder', wanted, `none in ${listed(empty.map((name) => join(root, name)))}`);
  return files;
}

/** The images of the classes that a folder has, likewise; it need not have all. */
async function listHeldOut(
  root: string | undefined,
  classNames: readonly string[],
  notes: Notes,
): Promise<LabelledFile[] | undefined> {
  if (root === undefined) return undefined;
  const files: LabelledFile[] = [];
  for (const name of (await readFolder(root)).folders) {
    const { images, others } = await findImages(join(root, name));
    notes.noImages = notes.noImages.concat(others);
    const label = classNames.indexOf(name);
    if (images.length > 0 && label < 0) throw unknownChoice(`class folder in ${root}`, name, classNames);
    for (const path of images) files.push({ path, label });
  }
  check(files.length > 0, 'folder', 'images in folders, one for each class', `none in ${root}`);
  const missing = classNames.filter((_, label) => !files.some((file) => file.label === label));
  if (missing.length > 0) notes.lines.push(`${root} has no images of ${listed(missing)}`);
  return files;
}

/** What a person should hear of a folder. */
interface Notes {
  /** Paths of files that are passed over. */
  noImages: string[];
  readonly lines: string[];
}

function tell({ noImages, lines }: Notes, onNote: (note: string) => void): void {
  lines.forEach(onNote);
  if (noImages.length === 0) return;
  const [count, verb] =
    noImages.length === 1
      ? ['1 file that is no image', 'is']
      : [`${noImages.length} files that are no images`, 'are'];
  onNote(`${count} ${verb} passed over: ${listed(noImages, 3)}`);
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

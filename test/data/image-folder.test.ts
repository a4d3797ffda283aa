import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

/** Two images of each of two classes. */
async function fruit(path: string): Promise<void> {
  for (const name of ['apple', 'pear']) {
    for (const i of [0, 1]) await colour(join(path, name, `${i}.png`), [1, 2, 3]);
  }
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

describe('what lies beside the images', () => {
  test('hidden folders and the litter of systems are passed over, at every level', async () => {
    await fruit(join(folder, 'train'));
    await fruit(join(folder, 'val'));
    const litter = ['.ipynb_checkpoints', '__MACOSX', '@eaDir', '.git', '$RECYCLE.BIN'];
    for (const parent of ['', 'train', 'val', join('train', 'pear'), join('val', 'apple')]) {
      for (const name of litter) await colour(join(folder, parent, name, 'x', '0.png'), [9, 9, 9]);
      for (const name of ['.DS_Store', '._0.png', 'Thumbs.db', 'desktop.ini', 'Desktop.ini', 'Icon\r']) {
        writeFileSync(join(folder, parent, name), 'litter');
      }
    }
    const notes: string[] = [];
    const loaded = await loadImageFolder(folder, { ...OPTIONS, onNote: (note) => notes.push(note) });
    expect(loaded.train).toMatchObject({ count: 4, classNames: ['apple', 'pear'] });
    expect(loaded.validation.count).toBe(4);
    expect(notes).toEqual([]);
  });

  test('files that are no images are passed over and told of', async () => {
    await fruit(folder);
    for (const name of ['labels.csv', 'README', 'LICENSE.md', '0.json']) {
      writeFileSync(join(folder, 'pear', name), 'a,b');
    }
    const notes: string[] = [];
    const { train, validation } = await loadImageFolder(folder, {
      ...OPTIONS,
      onNote: (note) => notes.push(note),
    });
    expect([train.count, validation.count]).toEqual([2, 2]);
    const told = ['0.json', 'LICENSE.md', 'README'].map((name) => join(folder, 'pear', name)).join(', ');
    expect(notes).toEqual([`4 files that are no images are passed over: ${told}, and 1 more`]);
  });

  test('links to files beside the class folders, to class folders, to images, and round about', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'));
    try {
      await fruit(folder);
      await colour(join(elsewhere, 'plums', '0.png'), [1, 2, 3]);
      await colour(join(elsewhere, 'plums', 'more', '1.png'), [1, 2, 3]);
      writeFileSync(join(elsewhere, 'notes.txt'), 'notes');
      symlinkSync(join(elsewhere, 'notes.txt'), join(folder, 'notes.txt'));
      symlinkSync(join(elsewhere, 'plums'), join(folder, 'plum'));
      symlinkSync(join(elsewhere, 'plums', '0.png'), join(folder, 'pear', 'linked.png'));
      symlinkSync(folder, join(folder, 'pear', 'all'));
      symlinkSync(join(folder, 'pear'), join(folder, 'pear', 'round'));
      const { train, validation } = await loadImageFolder(folder, OPTIONS);
      expect(train.classNames).toEqual(['apple', 'pear', 'plum']);
      // Of pears two, one linked, and by way of the folder above two apples and two plums.
      const counts = [0, 1, 2].map(
        (label) => [...train.labels, ...validation.labels].filter((other) => other === label).length,
      );
      expect(counts).toEqual([2, 7, 2]);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  test('what is beside the splits, and a test without classes, is passed over and told of', async () => {
    await fruit(join(folder, 'train'));
    await fruit(join(folder, 'annotations'));
    await colour(join(folder, 'test', '0.png'), [1, 2, 3]);
    const notes: string[] = [];
    const loaded = await loadImageFolder(folder, { ...OPTIONS, onNote: (note) => notes.push(note) });
    expect([loaded.train.count, loaded.test]).toEqual([2, loaded.validation]);
    const passedOver = [join(folder, 'annotations'), join(folder, 'test')].join(', ');
    expect(notes).toEqual([`beside ${join(folder, 'train')}, and passed over: ${passedOver}`]);
  });
});

describe('names of folders', () => {
  test.each([
    ['Train', 'Val', 'Test'],
    ['TRAIN', 'VALID', 'TEST'],
    ['training', 'validation', 'testing'],
  ])('%s, %s and %s are splits', async (...names) => {
    for (const name of names) await fruit(join(folder, name));
    await colour(join(folder, names[0], 'pear', 'more', '9.png'), [1, 2, 3]);
    const { train, validation, test: tested } = await loadImageFolder(folder, OPTIONS);
    expect([train.count, validation.count, tested.count]).toEqual([5, 4, 4]);
    expect(train.classNames).toEqual(['apple', 'pear']);
  });

  test('train, val and test are classes among others, in splits too', async () => {
    const names = ['bus', 'test', 'train', 'val'];
    for (const name of names) {
      for (const i of [0, 1]) await colour(join(folder, name, `${i}.png`), [1, 2, 3]);
    }
    const { train, validation } = await loadImageFolder(folder, OPTIONS);
    expect([train.classNames, train.count, validation.count]).toEqual([names, 4, 4]);
    const split = mkdtempSync(join(tmpdir(), 'splits-'));
    try {
      for (const name of ['train', 'val']) cpSync(folder, join(split, name), { recursive: true });
      const both = await loadImageFolder(split, OPTIONS);
      expect([both.train.classNames, both.train.count, both.validation.count]).toEqual([names, 8, 8]);
    } finally {
      rmSync(split, { recursive: true });
    }
  });

  test('an image that strayed into train does not make a class of it where val is beside it', async () => {
    for (const name of ['train', 'val']) await fruit(join(folder, name));
    await colour(join(folder, 'train', 'overview.png'), [1, 2, 3]);
    const { train } = await loadImageFolder(folder, OPTIONS);
    expect([train.classNames, train.count]).toEqual([['apple', 'pear'], 4]);
  });

  test('classes come in the order of code points, as from Python', async () => {
    // Python: sorted(['b', 'A', 'a', 'B', '10', '9', 'é', 'z', '\uff21', '\U0001f34e'])
    const sorted = ['10', '9', 'A', 'B', 'a', 'b', 'z', 'é', '\uff21', '\u{1f34e}'];
    for (const name of [...sorted].reverse()) {
      for (const i of [0, 1]) await colour(join(folder, `class ${name}`, `${i}.png`), [1, 2, 3]);
    }
    const { train } = await loadImageFolder(folder, OPTIONS);
    expect(train.classNames).toEqual(sorted.map((name) => `class ${name}`));
  });

  test('a class that a split lacks, or has no images of, is told of', async () => {
    for (const name of ['train', 'val', 'test']) await fruit(join(folder, name));
    rmSync(join(folder, 'test', 'apple'), { recursive: true });
    rmSync(join(folder, 'val', 'pear', '0.png'));
    rmSync(join(folder, 'val', 'pear', '1.png'));
    const notes: string[] = [];
    const loaded = await loadImageFolder(folder, { ...OPTIONS, onNote: (note) => notes.push(note) });
    expect([[...loaded.validation.labels], [...loaded.test.labels]]).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(notes).toEqual([
      `${join(folder, 'val')} has no images of pear`,
      `${join(folder, 'test')} has no images of apple`,
    ]);
  });
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

  test('every class without images is named', async () => {
    await colour(join(folder, 'apple', '0.png'), [1, 2, 3]);
    mkdirSync(join(folder, 'pear'));
    mkdirSync(join(folder, 'plum'));
    writeFileSync(join(folder, 'plum', 'notes.txt'), 'none yet');
    await expect(loadImageFolder(folder, OPTIONS)).rejects.toThrow(
      `images of the classes 'pear', 'plum'. Received: 'none in ${join(folder, 'pear')}, ${join(folder, 'plum')}'.`,
    );
  });

  test('an image of another format, or of none', async () => {
    await fruit(folder);
    writeFileSync(join(folder, 'pear', 'photo.WEBP'), 'an image');
    await expect(loadImageFolder(folder, OPTIONS)).rejects.toThrow(
      `${join(folder, 'pear', 'photo.WEBP')} is no .png, .jpg or .jpeg image: convert it`,
    );
    rmSync(join(folder, 'pear', 'photo.WEBP'));
    writeFileSync(join(folder, 'pear', '2.jpg'), 'no image');
    await expect(loadImageFolder(folder, OPTIONS)).rejects.toThrow(
      `${join(folder, 'pear', '2.jpg')} could not be read as an image: `,
    );
  });

  test('splits without classes, or one of them twice', async () => {
    for (const name of ['val', 'Test']) await fruit(join(folder, name));
    await expect(loadImageFolder(folder, OPTIONS)).rejects.toThrow(
      "or a folder train that holds those. Received: 'only Test, val in",
    );
    await fruit(join(folder, 'train'));
    await fruit(join(folder, 'Validation'));
    await expect(loadImageFolder(folder, OPTIONS)).rejects.toThrow(
      `one folder of validation images in ${folder}. Received: 'Validation, val'.`,
    );
    rmSync(folder, { recursive: true });
    for (const name of ['train', 'val']) await colour(join(folder, name, '0.png'), [1, 2, 3]);
    await expect(loadImageFolder(folder, OPTIONS)).rejects.toThrow("Received: 'only train, val in");
  });

  test('a link to nothing', async () => {
    await fruit(folder);
    symlinkSync(join(folder, 'gone'), join(folder, 'pear', '2.png'));
    await expect(loadImageFolder(folder, OPTIONS)).rejects.toThrow(
      `${join(folder, 'pear', '2.png')} is a symbolic link to ${join(folder, 'gone')}, which is not there`,
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

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';

import { decodeImages } from '../../src/data/decode-image';
import type { Interpolation } from '../../src/data/resample';
import { files, sizes } from '../fixtures/images/cases.json';

const FIXTURES = join(__dirname, '..', 'fixtures', 'images');

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'decode-image-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes a PNG of grey levels and returns its path. */
async function grey(name: string, width: number, height: number, level: (x: number, y: number) => number) {
  const levels = Uint8Array.from({ length: width * height }, (_, i) =>
    level(i % width, Math.floor(i / width)),
  );
  const path = join(folder, name);
  await sharp(levels, { raw: { width, height, channels: 1 } }).toFile(path);
  return path;
}

describe.each(Object.entries(sizes))('photographs of all shapes and modes, %s', (interpolation, size) => {
  let results: Uint8Array;
  let expected: Uint8Array;
  beforeAll(async () => {
    const paths = files.map((name) => join(FIXTURES, name));
    results = await decodeImages(paths, { ...size, interpolation: interpolation as Interpolation });
    expected = await sharp(join(FIXTURES, `expected-${interpolation}.png`))
      .raw()
      .toBuffer();
  });

  test.each(files.map((name, i) => [name, i] as const))(
    '%s is what Pillow and torchvision give',
    (name, i) => {
      const bytes = size.size ** 2 * 3;
      const [ours, theirs] = [results, expected].map((all) => all.subarray(i * bytes, (i + 1) * bytes));
      const worst = ours.reduce((most, level, at) => Math.max(most, Math.abs(level - theirs[at])), 0);
      // One JPEG decoder may round otherwise than another.
      expect(worst).toBeLessThanOrEqual(name.endsWith('.png') ? 0 : 2);
    },
  );
});

describe('images are brought to one size as torchvision does', () => {
  test('upscaling keeps the pixels where they are', async () => {
    const ramp = await grey('ramp.png', 8, 8, (x) => 32 * x);
    const row = (await decodeImages([ramp], { resize: 16, size: 16 })).subarray(0, 16 * 3);
    // Pillow's.
    expect([...row].filter((_, i) => i % 3 === 0).slice(0, 6)).toEqual([0, 8, 24, 40, 56, 72]);
  });

  test('no scaling at all keeps every pixel', async () => {
    const wide = await grey('wide.png', 40, 20, (x) => 2 * x);
    const kept = await decodeImages([wide], { resize: 20, size: 20 });
    expect([...kept.subarray(0, 9)]).toEqual([20, 20, 20, 22, 22, 22, 24, 24, 24]);
  });

  test('a crop between two pixels goes to the even one', async () => {
    const left = async (width: number) => {
      const file = await grey(`${width}.png`, width, 4, (x) => x);
      return (await decodeImages([file], { resize: 4, size: 4 }))[0];
    };
    expect([await left(5), await left(7), await left(9), await left(6)]).toEqual([0, 2, 2, 1]);
  });

  test('an image of a line is not scaled beyond its crop', async () => {
    const line = await grey('line.png', 1, 4000, (_, y) => (y < 2000 ? 10 : 20));
    const [first, last] = [0, -1];
    const result = await decodeImages([line], { resize: 256, size: 224 });
    // The middle of the step, which is as high as the image is wide: 10 + 10 * (1 / 2 - 111.5 / 256), and its mirror.
    expect([result.at(first), result.at(last)]).toEqual([11, 19]);
  });
});

test('every image stands at its place, however long it took', async () => {
  const paths = await Promise.all(
    Array.from({ length: 20 }, (_, i) => grey(`${i}.png`, i % 2 === 0 ? 900 : 4, 4, () => 10 * i)),
  );
  const told: number[] = [];
  const images = await decodeImages(paths, { resize: 4, size: 2 }, (done) => told.push(done));
  expect(Array.from({ length: 20 }, (_, i) => images[i * 2 * 2 * 3])).toEqual(paths.map((_, i) => 10 * i));
  expect(told).toEqual(paths.map((_, i) => i + 1));
});

describe('is refused by name', () => {
  test('a file that is no image, or half of one', async () => {
    const path = join(folder, 'a.jpg');
    writeFileSync(path, 'no image');
    await expect(decodeImages([path], { resize: 4, size: 4 })).rejects.toThrow(
      `${path} could not be read as an image: `,
    );
    const whole = await sharp({ create: { width: 99, height: 99, channels: 3, background: '#a53' } })
      .jpeg()
      .toBuffer();
    writeFileSync(path, whole.subarray(0, whole.length / 2));
    await expect(decodeImages([path], { resize: 4, size: 4 })).rejects.toThrow(
      `${path} could not be read as an image: `,
    );
  });

  test('an interpolation that does not exist', async () => {
    const wrong = { resize: 4, size: 4, interpolation: 'bilinaer' as Interpolation };
    await expect(decodeImages([], wrong)).rejects.toThrow("(did you mean 'bilinear'?)");
  });
});

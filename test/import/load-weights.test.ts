import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type * as tf from '@tensorflow/tfjs';

import { createModel } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import type { LoadProgress } from '../../src/data/load-progress';
import { hubAddress, hubUrl } from '../../src/import/hub-address';
import { loadWeights } from '../../src/import/load-weights';
import { readWeightSource as readInBrowser } from '../../src/import/weight-source';
import { serialiseSafetensors } from '../../src/safetensors/serialise';
import type { StoredTensor } from '../../src/safetensors/tensor';
import { readWeights } from '../../src/train/weights';
import { torchFillTensors } from '../support/torch-fill';
import { startFileServer, type FileServer } from './file-server';

test.each([
  ['hf:timm/resnet18.tv_in1k', 'timm/resnet18.tv_in1k', 'main', 'model.safetensors'],
  ['hf:ada/net@v1.0', 'ada/net', 'v1.0', 'model.safetensors'],
  ['hf:ada/net/sub/w.safetensors', 'ada/net', 'main', 'sub/w.safetensors'],
  ['hf:ada/net/w.safetensors@v1', 'ada/net', 'v1', 'w.safetensors'],
  ['hf:ada/net@v1/w.safetensors', 'ada/net', 'v1', 'w.safetensors'],
  ['hf:ada/net/w.safetensors@refs/pr/1', 'ada/net', 'refs/pr/1', 'w.safetensors'],
])('%s', (source, repository, revision, file) => {
  expect(hubAddress(source)).toEqual({ repository, revision, file });
});

test.each([
  'hf:',
  'hf:ada',
  'hf:ada/',
  'hf:ada/net//',
  'hf:ada/net/../w',
  'hf:ada/net@',
  'hf:a da/net',
  'hf:ada/net?x/w',
])('%s is no address', (source) => {
  expect(() => hubAddress(source)).toThrow(/^weights: expected hf:OWNER\/REPO, .*\. Received: 'hf:/);
});

test('the URL of a file, its revision in one piece', () => {
  const address = { repository: 'ada/net', revision: 'refs/pr/1', file: 'sub/my w.safetensors' };
  expect(hubUrl(address, 'http://hub/')).toBe(
    'http://hub/ada/net/resolve/refs%2Fpr%2F1/sub/my%20w.safetensors',
  );
});

describe('from a server', () => {
  const environment = { ...process.env };
  let server: FileServer;
  let folder: string;
  let model: tf.LayersModel;
  let tensors: Map<string, StoredTensor>;

  beforeAll(() => useBackend('cpu'));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cardinal-weights-'));
    server = await startFileServer();
    process.env.TFJS_CARDINAL_CACHE = folder;
    process.env.HF_ENDPOINT = server.url;
    model = createModel('resnext_toy', { initialise: false });
    tensors = torchFillTensors(model, { gain: 1 });
    const bytes = serialiseSafetensors(tensors);
    server.files.set('/cdn/model.safetensors', bytes);
    server.hub = {
      'x-linked-etag': `"${createHash('sha256').update(bytes).digest('hex')}"`,
      'x-linked-size': String(bytes.length),
    };
  });

  afterEach(async () => {
    model.dispose();
    process.env = { ...environment };
    await server.stop();
    await rm(folder, { recursive: true });
  });

  const expectLoaded = (): void => {
    const { data } = tensors.get('fc.bias') as StoredTensor;
    expect([...(readWeights(model).get('fc/bias')?.data ?? [])]).toEqual([...data].map(Number));
  };

  test('hf:OWNER/REPO, from the hub that HF_ENDPOINT names', async () => {
    const events: LoadProgress[] = [];
    const report = await loadWeights(model, 'hf:ada/net@v1', { onProgress: (event) => events.push(event) });
    expect(report.loaded).toBe(model.weights.length);
    expectLoaded();
    const bytes = server.files.get('/cdn/model.safetensors')?.length;
    expect(events.at(-1)).toEqual({
      phase: 'fetching hf:ada/net@v1',
      done: bytes,
      total: bytes,
      unit: 'bytes',
    });
    expect(server.requests[0]).toBe('HEAD /ada/net/resolve/v1/model.safetensors');
  });

  test('a URL, in Node and as a browser does it', async () => {
    const url = `${server.url}/cdn/model.safetensors`;
    await loadWeights(model, url);
    expectLoaded();
    const events: LoadProgress[] = [];
    expect(await readInBrowser(url, (event) => events.push(event))).toEqual(tensors);
    expect(events.at(-1)?.done).toBe(events.at(-1)?.total);
    await expect(readInBrowser(`${server.url}/none`)).rejects.toThrow('the server answered 404');
    await expect(readInBrowser('w.safetensors')).rejects.toThrow(
      "expected 'hf:OWNER/REPO' or an http(s) URL",
    );
  });

  test('a file that is no safetensors file, and a URL that is none', async () => {
    server.files.set('/page', Buffer.from('<html>Not here</html>'));
    await expect(loadWeights(model, `${server.url}/page`)).rejects.toThrow(
      /page is no safetensors file but a web page/,
    );
    await expect(loadWeights(model, 'http://')).rejects.toThrow(
      /^weights: expected a URL that can be parsed/,
    );
  });
});

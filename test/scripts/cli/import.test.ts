import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createModel } from '../../../models';
import { useBackend } from '../../../src/backends/use-backend-node';
import { loadLayersModel } from '../../../src/export/load-layers-model-node';
import { writeSafetensors } from '../../../src/safetensors/file-node';
import { readWeights } from '../../../src/train/weights';
import { startFileServer } from '../../import/file-server';
import { torchFill, torchFillTensors } from '../../support/torch-fill';
import { cardinal } from './in-process';

let folder: string;
let file: string;
const to = (name: string): string => join(folder, name);

beforeAll(async () => {
  await useBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'cardinal-import-'));
  file = to('toy.safetensors');
  const model = createModel('resnext_toy', { initialise: false });
  await writeSafetensors(file, torchFillTensors(model, { gain: 1 }));
  model.dispose();
});

afterAll(() => rm(folder, { recursive: true }));

async function importedBias(name: string): Promise<number[]> {
  const copy = await loadLayersModel(to(name));
  const { data } = readWeights(copy).get('fc/bias') as { data: Float32Array };
  copy.dispose();
  return [...data];
}

test('a file of PyTorch tensors becomes a model folder', async () => {
  const { code, out, err } = await cardinal('import', 'resnext_toy', '--weights', file, '--to', to('toy'));
  expect([code, err]).toEqual([0, expect.not.stringContaining('fresh')]);
  expect(out).toMatch(/^resnext_toy, \d+ weights from .*toy\.safetensors, in .*toy: model\.json/);
  expect(out).toContain('the same bits for 8 seeded images');
  expect(await importedBias('toy')).toEqual([...torchFill('fc.bias', [10], { gain: 1 })]);
});

test('from a URL, as JSON, and not over what is there', async () => {
  const server = await startFileServer();
  try {
    process.env.TFJS_CARDINAL_CACHE = to('cache');
    server.files.set('/toy', await readFile(file));
    const args = ['import', 'resnext_toy', '--weights', `${server.url}/toy`, '--to', to('fetched'), '--json'];
    const first = await cardinal(...args);
    expect(first.code).toBe(0);
    expect(JSON.parse(first.out)).toMatchObject({ model: 'resnext_toy', missing: [], unexpected: [] });
    const second = await cardinal(...args);
    expect([second.code, second.err]).toEqual([1, expect.stringContaining('is there already')]);
    expect((await cardinal(...args, '--overwrite')).code).toBe(0);
  } finally {
    delete process.env.TFJS_CARDINAL_CACHE;
    await server.stop();
  }
});

test('another number of classes is an error, and with --no-strict a fresh classifier', async () => {
  const args = ['import', 'resnext_toy', '--weights', file, '--to', to('five'), '--num-classes', '5'];
  const refused = await cardinal(...args);
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(
    /^error: the weights do not fit resnext_toy.*2 mis-shaped: fc\.weight .*fc\.bias/m,
  );
  expect(await readdir(folder)).not.toContain('five');
  const { code, err } = await cardinal(...args, '--no-strict');
  expect(code).toBe(0);
  expect(err).toMatch(
    /^left fresh, since their shapes differ: fc\.weight \(expected \[5, \d+\], received \[10, \d+\]\), fc\.bias/m,
  );
  expect(await importedBias('five')).toHaveLength(5);
});

test.each([
  [['import', 'resnext_toy', '--to', 'x'], '--weights: expected a file, a URL or hf:OWNER/REPO'],
  [['import', 'resnext_toy', '--weights', 'x.safetensors'], '--to: expected a folder to make'],
  [['import', 'resnext_toi', '--weights', 'x', '--to', 'x'], "did you mean 'resnext_toy'?"],
  [['import', 'resnext_toy', '--weights', 'hf:x', '--to', 'none/x'], 'weights: expected hf:OWNER/REPO'],
])('%j is wrong usage', async (args, message) => {
  const { code, err } = await cardinal(...args);
  expect([code, err]).toEqual([2, expect.stringContaining(message)]);
});

test('a damaged file is named', async () => {
  await writeFile(to('bad.safetensors'), 'no tensors');
  const { code, err } = await cardinal(
    'import',
    'resnext_toy',
    '--weights',
    to('bad.safetensors'),
    '--to',
    to('bad'),
  );
  expect([code, err]).toEqual([1, expect.stringContaining('bad.safetensors is damaged')]);
});

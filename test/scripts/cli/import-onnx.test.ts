import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { useBackend } from '../../../src/backends/use-backend-node';
import { loadLayersModel } from '../../../src/export/load-layers-model-node';
import { cardinal } from './in-process';

const file = join(__dirname, '..', '..', 'fixtures', 'onnx', 'shufflenet_v2.dynamo.onnx');
let folder: string;

beforeAll(async () => {
  await useBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'cardinal-import-onnx-'));
});

afterAll(() => rm(folder, { recursive: true }));

test('an ONNX file becomes a model folder', async () => {
  const to = join(folder, 'made');
  const { code, out } = await cardinal('import', file, '--to', to);
  expect(code).toBe(0);
  expect(out).toMatch(/shufflenet_v2\.dynamo\.onnx, \d+ layers with [\d,]+ weights, in .*made: model\.json/);
  expect(out).toContain('the same bits for 8 seeded images');
  const model = await loadLayersModel(to);
  expect(model.inputs[0].shape).toEqual([null, 40, 40, 3]);
  expect(model.outputs[0].shape).toEqual([null, 5]);
  model.dispose();
});

test('as JSON', async () => {
  const { code, out } = await cardinal('import', file, '--to', join(folder, 'json'), '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ source: file, inputShapes: [[null, 40, 40, 3]] });
});

test.each([
  [['--weights', 'x.safetensors', '--to', 'x'], 2, /--weights: expected nothing, since the file has them/],
  [[], 2, /--to: expected a folder/],
])('%p is wrong usage', async (args, expected, message) => {
  const { code, err } = await cardinal('import', file, ...args);
  expect([code, err]).toEqual([expected, expect.stringMatching(message)]);
});

test('a file that is none leaves no folder', async () => {
  const { code, err } = await cardinal(
    'import',
    __filename.replace(/ts$/, 'onnx'),
    '--to',
    join(folder, 'none'),
  );
  expect([code, err]).toEqual([2, expect.stringMatching(/no such file/)]);
  expect(await readdir(folder)).not.toContain('none');
});

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { createModel, type ModelOptions } from '../../../models';
import type { FormatName } from '../../../scripts/export-formats';
import type { ExportReport } from '../../../scripts/export-model';
import { resolveRun, startRun } from '../../../scripts/run-training';
import { readOnnx, verifyExport } from '../../../scripts/verify-export';
import { writeExportFiles } from '../../../src/export/export-target-node';
import { loadLayersModel } from '../../../src/export/load-layers-model-node';
import { modelDescription } from '../../../src/export/model-description';
import { toOnnx } from '../../../src/export/onnx';
import { lowerModel } from '../../../src/graph/lower-model';
import { readCheckpoint } from '../../../src/train/run-folder-node';
import type { NamedArrays } from '../../../src/train/train-state';
import { cardinal } from './in-process';
import { madeImages } from './train-made-images';

const images = { train: madeImages(60, 1), test: madeImages(20, 2) };

let shared: string;
let run: string;
let folder: string;
const to = (...path: string[]): string => join(folder, ...path);

beforeAll(async () => {
  shared = await mkdtemp(join(tmpdir(), 'cardinal-export-runs-'));
  run = join(shared, 'toy');
  const recipe = { epochs: 3, batchSize: 20, ema: 0.9, seed: 5 };
  await startRun(run, await resolveRun({ model: 'mobilenet_toy', data: { validation: 20 }, recipe }), {
    images,
  });
});

afterAll(() => rm(shared, { recursive: true }));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cardinal-export-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** All weights as numbers, by the layers' own names for them. */
function weightsOf(model: tf.LayersModel): Record<string, number[]> {
  return Object.fromEntries(
    model.weights.map((weight) => [weight.originalName, [...weight.read().dataSync()]]),
  );
}

test.each(['best', 'last'] as const)(
  'the %s checkpoint of a run: the weights that evaluation uses',
  async (checkpoint) => {
    const { code, out } = await cardinal('export', run, '--to', to('x'), '--checkpoint', checkpoint);
    expect(code).toBe(0);
    expect(out).toMatch(
      new RegExp(`^mobilenet_toy, ${checkpoint} checkpoint, after \\d epochs?, moving average`),
    );
    expect(out).toContain('the same bits for 8 seeded images');
    const copy = await loadLayersModel(to('x'));
    const { ema, weights, progress } = await readCheckpoint(run, checkpoint);
    const plain = (arrays: NamedArrays = new Map()): Record<string, number[]> =>
      Object.fromEntries([...arrays].map(([name, { data }]) => [name, [...data]]));
    expect(weightsOf(copy)).toEqual(plain(ema));
    expect(plain(weights)).not.toEqual(plain(ema));
    expect(modelDescription(copy)).toEqual({
      model: 'mobilenet_toy',
      output: 'logits',
      input: {
        layout: 'NHWC',
        shape: [32, 32, 3],
        mean: [0.4914, 0.4822, 0.4465],
        std: [0.247, 0.2435, 0.2616],
      },
      classNames: 'airplane automobile bird cat deer dog frog horse ship truck'.split(' '),
      weights: { kind: 'trained', data: 'cifar10', checkpoint, epochs: progress.epochsDone, averaged: true },
    });
    copy.dispose();
  },
);

test('a model by name: fresh weights, of the seed, and it says so', async () => {
  const { code, out } = await cardinal('export', 'resnext_toy', '--to', to('fresh'), '--seed', '3');
  expect(code).toBe(0);
  expect(out).toContain('resnext_toy, fresh weights, not trained (seed 3)');
  const options: ModelOptions = { seed: 3 };
  const [copy, own] = [await loadLayersModel(to('fresh')), createModel('resnext_toy', options)];
  expect(weightsOf(copy)).toEqual(weightsOf(own));
  expect(modelDescription(copy)).toEqual({
    model: 'resnext_toy',
    output: 'logits',
    weights: { kind: 'initial', seed: 3 },
  });
  copy.dispose();
  own.dispose();
});

test('--json tells files, bytes and what was made sure of', async () => {
  const { code, out } = await cardinal('export', run, '--to', to('x'), '--json');
  expect(code).toBe(0);
  const sizes = await Promise.all(
    ['model.json', 'weights.bin'].map(async (file) => (await readFile(to('x', file))).length),
  );
  expect(JSON.parse(out)).toMatchObject({
    source: run,
    folder: to('x'),
    files: { 'model.json': sizes[0], 'weights.bin': sizes[1] },
    bytes: sizes[0] + sizes[1],
    verified: { images: 8 },
    description: { model: 'mobilenet_toy' },
  });
});

describe.each<[FormatName, string, string[]]>([
  ['layers-model', 'x', ['README.md', 'SHA256SUMS', 'model.json', 'weights.bin']],
  ['graph-model', 'x', ['README.md', 'SHA256SUMS', 'group1-shard1of1.bin', 'model.json']],
  ['onnx', 'x.onnx', ['x.onnx', 'x.onnx.md', 'x.onnx.sha256']],
  ['saved-model', 'x', ['README.md', 'SHA256SUMS', 'saved_model.pb']],
  ['safetensors', 'x.safetensors', ['x.safetensors', 'x.safetensors.md', 'x.safetensors.sha256']],
])('--format %s', (format, name, present) => {
  test('writes a run, verifies it and describes it', async () => {
    const { code, out, err } = await cardinal('export', run, '--to', to(name), '--format', format, '--json');
    expect([code, err.includes('export to')]).toEqual([0, true]);
    const report = JSON.parse(out) as ExportReport;
    expect(report).toMatchObject({ format, path: to(name), description: { model: 'mobilenet_toy' } });
    expect((await readdir('folder' in report ? to(name) : folder)).sort()).toEqual(present);
    const card = await readFile(report.card, 'utf8');
    for (const fact of [
      '# mobilenet_toy',
      'arXiv:1704.04861',
      'cifar10',
      '% of 20 images',
      '"batchSize":20',
      'Apache-2.0',
    ]) {
      expect(card).toContain(fact);
    }
    if ('unverified' in report.verified) {
      // Only where what would run it is not there.
      expect(report.verified.unverified).toMatch(/no TensorFlow runs here|is not installed/);
      expect(card).toContain(report.verified.unverified);
    } else {
      expect(report.verified.images).toBeGreaterThan(3);
      expect(report.verified.largestDifference).toBeLessThan(1e-4);
      expect(card).toContain(report.verified.by);
    }
  });

  test('replaces its own with --overwrite only', async () => {
    const args = ['export', 'mobilenet_toy', '--to', to(name), '--format', format];
    expect((await cardinal(...args)).code).toBe(0);
    const refused = await cardinal(...args);
    expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/is there already/)]);
    expect((await cardinal(...args, '--overwrite')).code).toBe(0);
    expect((await readdir(name === 'x' ? to(name) : folder)).sort()).toEqual(present);
  });
});

test.each(['float16', 'uint8'] as const)('--quantize %s: smaller, and almost the same', async (dtype) => {
  const { code, out } = await cardinal('export', run, '--to', to('x'), '--quantize', dtype, '--json');
  expect(code).toBe(0);
  const { files, verified } = JSON.parse(out) as ExportReport;
  const copy = await loadLayersModel(to('x'));
  const kernels = copy.weights.filter(({ shape }) => shape.length > 1);
  const sizes = [kernels, copy.weights].map((weights) =>
    weights.reduce(
      (sum, { shape }) => sum + shape.reduce<number>((size, length) => size * (length as number), 1),
      0,
    ),
  );
  expect(files['weights.bin']).toBe((dtype === 'uint8' ? 1 : 2) * sizes[0] + 4 * (sizes[1] - sizes[0]));
  copy.dispose();
  const { largestDifference } = verified as { largestDifference: number };
  expect(largestDifference).toBeGreaterThan(0);
  expect(largestDifference).toBeLessThan(dtype === 'uint8' ? 0.3 : 0.003);
  expect(await readFile(to('x', 'README.md'), 'utf8')).toContain(`| kernels | ${dtype} |`);
});

test('a quantised graph model is verified by stock tfjs, and tells what a LayersModel tells', async () => {
  const args = ['--format', 'graph-model', '--quantize', 'float16', '--json'];
  const { code, out } = await cardinal('export', run, '--to', to('x'), ...args);
  expect(code).toBe(0);
  const { verified, description } = JSON.parse(out) as ExportReport;
  expect(verified).toMatchObject({ images: 4, by: expect.stringContaining('tf.loadGraphModel on') });
  expect((verified as { largestDifference: number }).largestDifference).toBeGreaterThan(0);
  const json = JSON.parse(await readFile(to('x', 'model.json'), 'utf8')) as tf.io.ModelJSON;
  expect(json.userDefinedMetadata).toEqual({ 'tfjs-cardinal': description });
});

test('--external-data puts the weights of an ONNX model beside it, and --no-external-data never does', async () => {
  const args = ['export', 'mobilenet_toy', '--format', 'onnx', '--to', to('x.onnx'), '--json'];
  const { code, out } = await cardinal(...args, '--external-data');
  expect(code).toBe(0);
  const { files, verified, card } = JSON.parse(out) as ExportReport;
  expect((await readdir(folder)).sort()).toEqual(['x.onnx', 'x.onnx.data', 'x.onnx.md', 'x.onnx.sha256']);
  const sizes = await Promise.all(Object.keys(files).map(async (name) => (await readFile(to(name))).length));
  expect(Object.values(files)).toEqual(sizes);
  expect(files['x.onnx.data']).toBeGreaterThan(5 * files['x.onnx']);
  expect(await readFile(card, 'utf8')).toContain('| x.onnx.data |');
  if (!('unverified' in verified)) expect(verified).toMatchObject({ images: 4, by: 'onnxruntime-node' });
  const inOne = await cardinal(...args, '--no-external-data', '--overwrite');
  expect(Object.keys((JSON.parse(inOne.out) as ExportReport).files)).toEqual(['x.onnx']);
  expect((await readdir(folder)).sort()).toEqual(['x.onnx', 'x.onnx.md', 'x.onnx.sha256']);
});

test('--external-data finds its file taken before any work is begun', async () => {
  await writeFile(to('x.onnx.data'), 'of another');
  const args = ['export', 'mobilenet_toy', '--format', 'onnx', '--to', to('x.onnx'), '--external-data'];
  const { code, err } = await cardinal(...args);
  // Not a line of progress.
  expect([code, err]).toEqual([1, expect.stringMatching(/^error: .*x\.onnx\.data is there already/)]);
  expect(await readdir(folder)).toEqual(['x.onnx.data']);
});

test('an export that predicts otherwise is not kept', async () => {
  const model = createModel('mobilenet_toy', { seed: 1 });
  const others = createModel('mobilenet_toy', { seed: 2 });
  const content = new Map([['x.onnx', toOnnx(lowerModel(others))]]);
  const check = (path: string) => verifyExport(model, path, readOnnx);
  await expect(writeExportFiles(to('x.onnx'), content, [], { check })).rejects.toThrow(
    /onnxruntime-node predicts otherwise than mobilenet_toy does, by/,
  );
  expect(await readdir(folder)).toEqual([]);
  model.dispose();
  others.dispose();
});

test('a folder that is there is refused, then replaced with --overwrite', async () => {
  expect((await cardinal('export', 'mobilenet_toy', '--to', to('x'))).code).toBe(0);
  const refused = await cardinal('export', run, '--to', to('x'));
  expect([refused.code, refused.out]).toEqual([1, '']);
  expect(refused.err).toMatch(
    /^error: .*x is there already: replace it with --overwrite, or choose another folder\n$/,
  );
  expect((await cardinal('export', run, '--to', to('x'), '--overwrite')).code).toBe(0);
  const copy = await loadLayersModel(to('x'));
  expect(modelDescription(copy)?.weights.kind).toBe('trained');
  copy.dispose();
});

test.each<[string, (way: string) => string[], number, RegExp]>([
  ['no --to', () => ['resnext_toy'], 2, /--to: expected a path to make/],
  [
    'an unknown format',
    (way) => ['resnext_toy', '--to', way, '--format', 'onx'],
    2,
    /--format: expected one of layers-model, .* \(did you mean 'onnx'\?\)/,
  ],
  [
    'a type that the format cannot store',
    (way) => ['resnext_toy', '--to', way, '--format', 'onnx', '--quantize', 'uint8'],
    2,
    /--quantize: expected nothing for onnx \(layers-model and graph-model take it\)\. Received: 'uint8'/,
  ],
  [
    'external data of a format that has none',
    (way) => ['resnext_toy', '--to', way, '--format', 'saved-model', '--external-data'],
    2,
    /--external-data: expected nothing for saved-model \(onnx takes it\)\. Received: true/,
  ],
  [
    'a model misspelt',
    (way) => ['resnext_to', '--to', way],
    2,
    /did you mean 'resnext_toy'\?\)\. Received: 'resnext_to'/,
  ],
  [
    'a run that is not there',
    (way) => ['runs/none', '--to', way],
    2,
    /a run folder that is there.*'runs\/none'/,
  ],
  [
    'an unknown checkpoint',
    (way) => [run, '--to', way, '--checkpoint', 'bst'],
    2,
    /--checkpoint: expected one of best, last/,
  ],
  [
    'a checkpoint of a model',
    (way) => ['resnext_toy', '--to', way, '--checkpoint', 'last'],
    2,
    /--checkpoint: expected no checkpoint/,
  ],
  ['a seed for a run', (way) => [run, '--to', way, '--seed', '1'], 2, /--seed: expected no seed for a run/],
  [
    'a folder that is no run',
    (way) => [tmpdir(), '--to', way],
    2,
    /is no run folder: it has no config\.json/,
  ],
  [
    'a folder below a file',
    (way) => ['resnext_toy', '--to', join(way, '..', 'file', 'x')],
    1,
    /file\/x could not be written/,
  ],
])('%s: one line, nothing written', async (_, args, code, message) => {
  await writeFile(to('file'), '');
  const outcome = await cardinal('export', ...args(to('x')));
  expect([outcome.code, outcome.out]).toEqual([code, '']);
  expect(outcome.err).toMatch(message);
  expect(outcome.err.trim().split('\n')).toHaveLength(1);
  expect(await readdir(folder)).toEqual(['file']);
});

test('a damaged checkpoint is named, and nothing is written', async () => {
  await cp(run, to('damaged'), { recursive: true });
  await writeFile(to('damaged', 'best.safetensors'), 'not tensors at all');
  const { code, err } = await cardinal('export', to('damaged'), '--to', to('x'));
  expect(code).toBe(1);
  expect(err).toMatch(/best\.safetensors is damaged/);
  expect(await readdir(folder)).toEqual(['damaged']);
});

import { cp, mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { modelInfo } from '../../../models';
import { compareRunFolders } from '../../../scripts/compare-run-folders';
import { resolveRun, startRun } from '../../../scripts/run-training';
import { comparisonSchema } from '../../../src/compare/comparison';
import { METRICS } from '../../../src/compare/metrics';
import type { RunResult } from '../../../src/train/run-config';
import { cardinal } from './in-process';
import { madeImages } from './train-made-images';

const images = { train: madeImages(60, 1), test: madeImages(20, 2) };

let folder: string;
const to = (...path: string[]): string => join(folder, ...path);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cardinal-compare-'));
  for (const model of ['resnet_toy', 'mobilenet_toy']) {
    const recipe = { epochs: 1, batchSize: 20 };
    await startRun(to(model), await resolveRun({ model, data: { validation: 20 }, recipe }), { images });
  }
});

afterAll(() => rm(folder, { recursive: true }));

async function resultOf(run: string): Promise<RunResult> {
  return JSON.parse(await readFile(join(run, 'result.json'), 'utf8')) as RunResult;
}

test('--json has every metric of every run, and the ratios to the first', async () => {
  const { code, out } = await cardinal('compare', to('resnet_toy'), to('mobilenet_toy'), '--json');
  expect(code).toBe(0);
  const { runs, backend } = comparisonSchema.parse(JSON.parse(out));
  expect(backend).toBe(tf.getBackend());
  for (const [i, name] of (['resnet_toy', 'mobilenet_toy'] as const).entries()) {
    const { params, macs } = modelInfo(name);
    const { testAccuracy, trainImagesPerSecond } = await resultOf(to(name));
    expect(runs[i]).toMatchObject({
      run: to(name),
      model: name,
      trainableParameters: params.trainable,
      totalParameters: params.total,
      macs,
      testAccuracy,
      trainImagesPerSecond,
    });
    expect(Math.min(runs[i].latencyMs, runs[i].imagesPerSecond)).toBeGreaterThan(0);
    for (const { key } of METRICS) {
      const expected = runs[0][key] === 0 ? null : runs[i][key] / runs[0][key];
      expect([key, runs[i].ratios[key]]).toEqual([key, expected]);
    }
  }
});

test('bytes on disk are those of the export', async () => {
  const { runs } = await compareRunFolders([to('mobilenet_toy')], { budget: 0 });
  await cardinal('export', to('mobilenet_toy'), '--to', to('exported'));
  const sizes = await Promise.all(
    ['model.json', 'weights.bin'].map(async (file) => (await readFile(to('exported', file))).length),
  );
  expect(runs[0].bytes).toBe(sizes[0] + sizes[1]);
});

test('the table has a row a metric and a column a run; --markdown too', async () => {
  const folders = [to('resnet_toy'), to('mobilenet_toy')];
  const { out } = await cardinal('compare', ...folders);
  const rows = out.split('\n');
  const [dense, small] = (['resnet_toy', 'mobilenet_toy'] as const).map(
    (name) => modelInfo(name).params.trainable,
  );
  const counts = [
    dense.toLocaleString('en-US'),
    `${small.toLocaleString('en-US')} (${(small / dense).toFixed(2)}x)`,
  ];
  expect(rows[0].trim().split(/\s+/)).toEqual(['resnet_toy', 'mobilenet_toy']);
  METRICS.forEach(({ title }, i) => expect(rows[i + 1].startsWith(title)).toBe(true));
  expect(rows[1].trim().split(/ {2,}/)).toEqual(['trainable parameters', ...counts]);

  const markdown = await cardinal('compare', ...folders, '--markdown');
  expect(markdown.out.split('\n')[2]).toBe(`| trainable parameters | ${counts.join(' | ')} |`);
});

test('no tensor is left behind', async () => {
  await compareRunFolders([to('mobilenet_toy')], { budget: 0 });
  const before = tf.memory().numTensors;
  await compareRunFolders([to('mobilenet_toy')], { budget: 0 });
  expect(tf.memory().numTensors).toBe(before);
});

describe('what cannot be compared is named in one line', () => {
  beforeAll(async () => {
    for (const name of ['unfinished', 'damaged', 'cut', 'odd'])
      await cp(to('mobilenet_toy'), to(name), { recursive: true });
    await rm(to('unfinished', 'result.json'));
    await truncate(to('damaged', 'result.json'), 30);
    await truncate(to('cut', 'best.safetensors'), 3000);
    await cp(to('resnet_toy', 'best.safetensors'), to('odd', 'best.safetensors'));
    await rm(to('odd', 'SHA256SUMS'));
  });

  test.each<[string, string[], number, RegExp]>([
    ['a run that is not there', ['none'], 2, /none is no run folder: it has no config\.json/],
    [
      'a run that is not tested',
      ['unfinished'],
      1,
      /unfinished is not finished: it has no result\.json yet; .*--resume/,
    ],
    ['a damaged result', ['damaged'], 1, /damaged\/result\.json is damaged/],
    ['a damaged checkpoint', ['cut'], 1, /cut\/best\.safetensors is damaged/],
    ['a checkpoint of another model', ['odd'], 1, /odd\/best\.safetensors: the weights do not fit the model/],
    [
      'two forms at once',
      ['mobilenet_toy', '--json', '--markdown'],
      2,
      /--json, --markdown: expected one of them/,
    ],
    ['an unknown backend', ['mobilenet_toy', '--backend', 'wsam'], 2, /--backend: .*did you mean 'wasm'/],
    ['an unknown option', ['mobilenet_toy', '--yaml'], 2, /unknown option '--yaml'/],
  ])('%s', async (_, [run, ...options], code, message) => {
    const before = tf.memory().numTensors;
    const outcome = await cardinal('compare', to('resnet_toy'), to(run), ...options);
    expect([outcome.code, outcome.out]).toEqual([code, '']);
    expect(outcome.err).toMatch(message);
    expect(outcome.err.trim().split('\n')).toHaveLength(1);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('no run at all', async () => {
    const { code, err } = await cardinal('compare');
    expect(code).toBe(2);
    expect(err).toMatch(/missing required argument 'run'/);
  });
});

import { spawn, type ChildProcess } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';
import { buildSync } from 'esbuild';

import { dryRun } from '../../../scripts/dry-run';
import { chooseImages } from '../../../scripts/run-images';
import { resolveRun, resumeRun, startRun, steadyRate } from '../../../scripts/run-training';
import { readCheckpoint, readResult } from '../../../src/train/run-folder-node';
import type { TrainData } from '../../../src/train/train';
import { runCli } from './run-cli';
import { madeImages } from './train-made-images';

const ROOT = join(__dirname, '../../..');
const images = { train: madeImages(120, 1), test: madeImages(40, 2) };
const REQUEST = {
  model: 'resnext_toy',
  data: { subset: 60, validation: 20 },
  recipe: { epochs: 2, batchSize: 20, mixup: 0.2, seed: 4 },
};

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'train-run-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test('a run trains, tests and writes; stopped and resumed it comes to the same', async () => {
  const config = await resolveRun(REQUEST);
  const before = tf.memory().numTensors;
  const straight = await startRun(join(folder, 'a'), config, { images });
  expect(tf.memory().numTensors).toBe(before);
  expect(await readResult(join(folder, 'a'))).toEqual(straight);
  const sum = straight.confusion.flat().reduce((total, n) => total + n, 0);
  expect([straight.testImages, sum, straight.trainImages]).toEqual([40, 40, 60]);
  const right = straight.confusion.reduce((total, row, label) => total + row[label], 0);
  expect(straight.testAccuracy).toBe(right / 40);
  expect(straight.parameters.total).toBe(straight.parameters.trainable + straight.parameters.nonTrainable);

  const controller = new AbortController();
  const reporter = { onStep: ({ step }: { step: number }) => step === 4 && controller.abort() };
  const stopped = startRun(join(folder, 'b'), config, { images, signal: controller.signal, reporter });
  await expect(stopped).rejects.toThrow('interrupted after 1 of 2 epochs and 1 of 3 steps of the next');
  expect(await readResult(join(folder, 'b'))).toBeUndefined();
  const resumed = await resumeRun(join(folder, 'b'), { images });
  const timeless = ({ testAccuracy, testLoss, confusion, bestEpoch }: typeof straight) => [
    testAccuracy,
    testLoss,
    confusion,
    bestEpoch,
  ];
  expect(timeless(resumed)).toEqual(timeless(straight));
  const [a, b] = await Promise.all(['a', 'b'].map((run) => readCheckpoint(join(folder, run), 'last')));
  expect([b.weights, b.optimizer]).toEqual([a.weights, a.optimizer]);
  const epochs = readFileSync(join(folder, 'b', 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  expect(epochs.map((line) => (JSON.parse(line) as { epoch: number }).epoch)).toEqual([1, 2]);
  expect(readdirSync(join(folder, 'b')).sort()).toEqual(
    [
      'SHA256SUMS',
      'best.safetensors',
      'config.json',
      'last.safetensors',
      'metrics.jsonl',
      'result.json',
    ].sort(),
  );
  // Over is over: nothing is trained again.
  expect(await resumeRun(join(folder, 'b'), { images })).toEqual(resumed);
});

test('training and validation images are disjoint, and their number is checked before a folder is made', async () => {
  const config = await resolveRun(REQUEST);
  const { train, validation } = chooseImages(config, images) as Required<TrainData>;
  expect([train.count, validation.count]).toEqual([60, 20]);
  const pictures = (set: typeof train) =>
    Array.from({ length: set.count }, (_, i) => set.images.subarray(i * 3072, (i + 1) * 3072).join());
  expect(new Set([...pictures(train), ...pictures(validation)]).size).toBe(80);
  const rest = chooseImages({ ...config, data: { name: 'cifar10', validation: 20 } }, images);
  expect(rest.train.count).toBe(100);

  const tooMany = await resolveRun({ ...REQUEST, data: { subset: 110, validation: 20 } });
  await expect(startRun(join(folder, 'x'), tooMany, { images })).rejects.toThrow(
    '--subset: expected a whole number from 20 (a batch) to 100 (20 more validate). Received: 110.',
  );
  expect(readdirSync(folder)).toEqual([]);
});

test('a damaged cache stops a run in one line, with nothing made, changed or left', async () => {
  const file = join(folder, 'cache', 'cifar10', 'train.images');
  mkdirSync(join(folder, 'cache', 'cifar10'), { recursive: true });
  writeFileSync(file, 'not images');
  const args = ['train', 'resnext_toy', '--to', join(folder, 'run'), '--backend', 'wasm'];
  const outcome = await runCli(args, { env: { TFJS_CARDINAL_CACHE: join(folder, 'cache') } });
  const stderr =
    `error: the cache file ${file} is damaged: it does not begin as a dataset file (10 bytes). ` +
    'Delete the file, and it will be made again\n';
  expect(outcome).toEqual({ stdout: '', stderr, code: 1 });
  expect(readFileSync(file, 'utf8')).toBe('not images');
  expect(readdirSync(join(folder, 'cache', 'cifar10'))).toEqual(['train.images']);
  expect(existsSync(join(folder, 'run'))).toBe(false);
});

test('a dry run goes through everything and leaves nothing', async () => {
  const { TMPDIR } = process.env;
  process.env.TMPDIR = folder;
  const before = tf.memory().numTensors;
  const report = await dryRun(await resolveRun(REQUEST), { images });
  expect(report.steps.map(({ step }) => step)).toEqual([
    'data',
    'model',
    'forward, backward',
    'optimiser',
    'evaluation',
    'checkpoint',
  ]);
  expect(report.steps[3].outcome).toMatch(/^sgd changed (\d+) of \1 weights$/);
  expect(tf.memory().numTensors).toBe(before);
  expect(readdirSync(folder)).toEqual([]);
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
});

test('the rate of a run is the median of its epochs but the first', () => {
  const rates = (...list: number[]) => steadyRate(list.map((imagesPerSecond) => ({ imagesPerSecond })));
  expect(rates(5)).toBe(5);
  expect(rates(1, 50, 70, 60)).toBe(60);
  expect(rates(1, 50, 60)).toBe(55);
});

describe('Ctrl-C', () => {
  let running: ChildProcess | undefined;
  afterEach(() => running?.kill('SIGKILL'));

  test('once saves a state that can be resumed and exits with 130', async () => {
    const child = startChild();
    await said(child, 'step 7\n');
    child.kill('SIGINT');
    expect(await ended(child)).toEqual({ code: 130, signal: null });
    const { progress } = await readCheckpoint(join(folder, 'run'), 'last');
    expect(progress.step).toBeGreaterThanOrEqual(7);
    expect(progress.step).toBe(4 * progress.epochsDone + progress.stepsInEpoch);
  });

  test('twice ends the process at once, whatever it is at', async () => {
    const child = startChild('stuck');
    await said(child, 'step 1\n');
    child.kill('SIGINT');
    await said(child, 'again leaves at once');
    child.kill('SIGINT');
    expect(await ended(child)).toEqual({ code: null, signal: 'SIGINT' });
  }, 20_000);

  function startChild(...args: string[]): ChildProcess {
    // Where the command line finds its package.json.
    copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
    const outfile = join(folder, 'child.js');
    buildSync({
      entryPoints: [join(__dirname, 'train-child.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      packages: 'external',
    });
    const env = { ...process.env, NODE_PATH: join(ROOT, 'node_modules') };
    running = spawn(process.execPath, [outfile, join(folder, 'run'), ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return running;
  }

  function said(child: ChildProcess, text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      let heard = '';
      const listen = (chunk: Buffer): void => {
        heard += chunk.toString();
        if (heard.includes(text)) resolve();
      };
      child.stdout?.on('data', listen);
      child.stderr?.on('data', listen);
      child.once('exit', () => reject(new Error(`ended before '${text}': ${heard}`)));
    });
  }

  function ended(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
    if (child.exitCode !== null || child.signalCode !== null)
      return Promise.resolve({ code: child.exitCode, signal: child.signalCode });
    return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  }
});

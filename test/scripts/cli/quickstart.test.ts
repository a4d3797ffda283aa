import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { quickstart, type QuickstartOptions } from '../../../scripts/quickstart';
import { forImages, NATIVE_RECIPE, QUICKSTART_MODELS, SLOW_RECIPE } from '../../../scripts/quickstart-recipe';
import { openQuickstartRuns } from '../../../scripts/quickstart-runs';
import { resolveRun, startRun, type RunStart } from '../../../scripts/run-training';
import { InterruptedError } from '../../../src/errors';
import { loadLayersModel } from '../../../src/export/load-layers-model-node';
import { modelDescription } from '../../../src/export/model-description';
import { readResult, readRunConfig } from '../../../src/train/run-folder-node';
import { cardinal } from './in-process';
import { madeImages } from './train-made-images';

const images = { train: madeImages(200, 1), test: madeImages(30, 2) };
const SMALL = { epochs: 1, subset: 70 };

let folder: string;
const to = (...path: string[]): string => join(folder, ...path);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cardinal-quickstart-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** Keeps what a quickstart tells, and can stop it at a step of one model's training. */
function watched(stop?: { model: string; step: number }) {
  const starts: RunStart[] = [];
  const notes: string[] = [];
  const controller = new AbortController();
  const options: QuickstartOptions = {
    images,
    measureBudget: 0,
    signal: controller.signal,
    reporter: {
      onStart: (start) => void starts.push(start),
      onNote: (text) => void notes.push(text),
      onStep: ({ step }) => {
        if (starts.at(-1)?.config.model.name === stop?.model && step === stop?.step) controller.abort();
      },
    },
  };
  return { options, starts, notes, models: () => starts.map(({ config }) => config.model.name) };
}

const changed = (file: string): Promise<number> => stat(file).then(({ mtimeMs }) => mtimeMs);

test('trains, tests, exports and compares all models; a second time there is nothing to do', async () => {
  const first = watched();
  const report = await quickstart({ to: to('q'), ...SMALL }, first.options);
  expect(first.models()).toEqual([...QUICKSTART_MODELS]);
  expect(report.wasFinished).toBe(false);
  expect((await readdir(to('q'))).sort()).toEqual(
    [...QUICKSTART_MODELS, 'comparison.json', 'comparison.md', 'exports'].sort(),
  );
  expect(report.comparison.runs.map(({ model }) => model)).toEqual([...QUICKSTART_MODELS]);
  for (const [i, { run, model, exported }] of report.runs.entries()) {
    const [result, config] = [await readResult(run), await readRunConfig(run)];
    expect(result?.testImages).toBe(30);
    expect([config.recipe.epochs, config.data.subset]).toEqual([1, 70]);
    expect(report.comparison.runs[i]).toMatchObject({ run, model, testAccuracy: result?.testAccuracy });
    const copy = await loadLayersModel(exported);
    expect(modelDescription(copy)).toMatchObject({ model, weights: { kind: 'trained', checkpoint: 'best' } });
    copy.dispose();
  }
  expect(JSON.parse(await readFile(report.files.json, 'utf8'))).toEqual(report.comparison);
  expect(await readFile(report.files.markdown, 'utf8')).toMatch(
    /^\| {2}\| resnet_toy \| resnext_toy \| mobilenet_toy \|/,
  );

  const second = watched();
  const before = await changed(report.files.json);
  const tensors = tf.memory().numTensors;
  const again = await quickstart({ to: to('q') }, second.options);
  expect(again).toEqual({ ...report, wasFinished: true });
  expect([second.models(), await changed(report.files.json)]).toEqual([[], before]);

  // What is missing is made again, and nothing is trained for it.
  await rm(to('q', 'exports', 'resnext_toy'), { recursive: true });
  await writeFile(report.files.json, '{}');
  const mended = watched();
  expect((await quickstart({ to: to('q') }, mended.options)).wasFinished).toBe(false);
  expect(mended.models()).toEqual([]);
  expect(mended.notes).toHaveLength(3);
  await stat(to('q', 'exports', 'resnext_toy', 'weights.bin'));
  expect(tf.memory().numTensors).toBe(tensors);
});

test('one that was stopped goes on where it was, and comes to the same', async () => {
  const request = { ...SMALL, epochs: 2 };
  const straight = await quickstart({ to: to('a'), ...request }, { images, measureBudget: 0 });
  const stopped = watched({ model: 'resnext_toy', step: 1 });
  await expect(quickstart({ to: to('b'), ...request }, stopped.options)).rejects.toThrow(InterruptedError);
  expect(stopped.models()).toEqual(['resnet_toy', 'resnext_toy']);
  const trained = await changed(to('b', 'resnet_toy', 'result.json'));

  const resumed = watched();
  const report = await quickstart({ to: to('b') }, resumed.options);
  expect(resumed.starts.map(({ config, resumedAt }) => [config.model.name, resumedAt?.step])).toEqual([
    ['resnext_toy', 1],
    ['mobilenet_toy', undefined],
  ]);
  expect(resumed.notes).toEqual([`${to('b', 'resnet_toy')} is finished already, and not trained again`]);
  expect(await changed(to('b', 'resnet_toy', 'result.json'))).toBe(trained);
  const accuracies = ({ comparison }: typeof report) =>
    comparison.runs.map(({ testAccuracy }) => testAccuracy);
  expect(accuracies(report)).toEqual(accuracies(straight));
});

test('options that the runs were not started with are refused, and --fresh starts anew', async () => {
  const { options } = watched({ model: 'resnet_toy', step: 1 });
  await expect(quickstart({ to: to('q'), ...SMALL }, options)).rejects.toThrow(InterruptedError);
  await expect(quickstart({ to: to('q'), epochs: 2 }, { images })).rejects.toThrow(
    `--epochs: expected 1, which the runs in ${to('q')} have (--fresh starts ${to('q')} anew, --to takes another folder). Received: 2.`,
  );
  await expect(quickstart({ to: to('q'), seed: 9 }, { images })).rejects.toThrow(/--seed: expected 1, /);
  const fresh = watched({ model: 'resnext_toy', step: 1 });
  const again = quickstart({ to: to('q'), epochs: 2, subset: 70, seed: 9, fresh: true }, fresh.options);
  await expect(again).rejects.toThrow(InterruptedError);
  expect(fresh.starts[0].resumedAt).toBeUndefined();
  for (const model of QUICKSTART_MODELS) {
    const { recipe } = await readRunConfig(to('q', model));
    expect([recipe.epochs, recipe.seed]).toEqual([2, 9]);
  }
});

test('runs that were trained otherwise do not stand beside the others', async () => {
  const { options } = watched({ model: 'resnet_toy', step: 1 });
  await expect(quickstart({ to: to('q'), ...SMALL }, options)).rejects.toThrow(InterruptedError);
  const other = await resolveRun({
    model: 'resnext_toy',
    data: { validation: 20 },
    recipe: { epochs: 1, batchSize: 60 },
  });
  await startRun(to('q', 'resnext_toy'), other, { images, overwrite: true });
  await expect(quickstart({ to: to('q') }, { images })).rejects.toThrow(
    /q\/resnext_toy was not trained like the others: --fresh starts all anew/,
  );
  await rm(to('q', 'resnext_toy'), { recursive: true });
  await expect(quickstart({ to: to('q') }, { images })).rejects.toThrow(/q\/resnext_toy is missing: --fresh/);
});

test.each([
  [
    'more images than there are',
    { subset: 300 },
    'q',
    /--subset: expected a whole number from 32 .* Received: 300/,
  ],
  ['a folder below a file', SMALL, 'file/q', /file\/q\/resnet_toy could not be (read|written): ENOTDIR/],
])('%s: refused before anything is written', async (_, request, path, message) => {
  await writeFile(to('file'), '');
  await expect(quickstart({ ...request, to: to(path) }, { images })).rejects.toThrow(message);
  expect(await readdir(folder)).toEqual(['file']);
});

describe('the recipe', () => {
  async function open(
    backend: 'tensorflow' | 'wasm' | 'cpu',
    asked: { epochs?: number; subset?: number } = {},
  ) {
    const notes: string[] = [];
    const [run] = await openQuickstartRuns(
      { to: to(backend), backend, ...asked },
      { onNote: (text) => void notes.push(text), images: () => Promise.resolve(images) },
    );
    return { config: run.config, notes };
  }

  // A subset of 70 fits the made images; the recipe's own would need CIFAR-10.
  test('of a slow backend is shorter, and it says so', async () => {
    const { config, notes } = await open('wasm', { subset: 70 });
    expect(config.recipe.epochs).toBe(SLOW_RECIPE.recipe.epochs);
    expect(config.backend).toBe('wasm');
    expect(notes).toHaveLength(1);
    const { subset, recipe } = NATIVE_RECIPE;
    expect(notes[0]).toContain('the wasm backend trains several times slower');
    expect(notes[0]).toContain(
      `70 images and ${SLOW_RECIPE.recipe.epochs} epochs instead of ${subset} and ${recipe.epochs}`,
    );
  });

  test('of a slow backend is as long as a person asks, without a word', async () => {
    const { config, notes } = await open('wasm', { subset: 70, epochs: 20 });
    expect([config.recipe.epochs, notes]).toEqual([20, []]);
  });

  test.each([
    [{}, 64, 0.2],
    [{ epochs: 1 }, 64, 0.2],
    [{ subset: 2000, epochs: 4 }, 64, 0.2],
    [{ subset: 2000, epochs: 2 }, 32, 0.1],
    [{ subset: 2000, epochs: 1 }, 32, 0.1],
    [{ subset: 20, epochs: 1 }, 20, 0.0625],
  ])(
    'has smaller batches, and a rate to match, where it would have few steps: %j',
    (asked, batchSize, rate) => {
      const { subset, recipe } = NATIVE_RECIPE;
      const { epochs, ...images } = { subset, epochs: recipe.epochs, ...asked };
      const made = forImages(NATIVE_RECIPE, images.subset, epochs);
      expect(made).toEqual({ ...recipe, batchSize, learningRate: rate });
    },
  );

  test('is long enough natively to mean something', () => {
    expect(SLOW_RECIPE.subset).toBeLessThan(NATIVE_RECIPE.subset);
    expect(SLOW_RECIPE.recipe.epochs).toBeLessThan(NATIVE_RECIPE.recipe.epochs);
  });
});

test.each([
  [['--epochs', 'x'], "error: --epochs: expected a whole number of at least 1. Received: 'x'.\n"],
  [['--subset', '0'], "error: --subset: expected a whole number of at least 1. Received: '0'.\n"],
  [['--seed', '-1'], "error: --seed: expected a whole number of at least 0. Received: '-1'.\n"],
  [['--backend', 'gpu'], /^error: --backend: expected one of auto, tensorflow, wasm, cpu/],
  [['more'], /too many arguments/],
])('cardinal quickstart %j is wrong usage', async (args, message) => {
  const { code, out, err } = await cardinal('quickstart', '--to', to('q'), ...args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(message);
  expect(await readdir(folder)).toEqual([]);
});

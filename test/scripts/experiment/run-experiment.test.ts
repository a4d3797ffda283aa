import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { configDifference } from '../../../scripts/experiment/config-difference';
import type { ExperimentDefinition } from '../../../scripts/experiment/definition';
import { planExperiment } from '../../../scripts/experiment/plan';
import type { ExperimentResults } from '../../../scripts/experiment/results-schema';
import {
  runExperiment,
  type ExperimentOptions,
  type ExperimentRequest,
} from '../../../scripts/experiment/run-experiment';
import { runLabel } from '../../../scripts/run-label';
import { CardinalError, InterruptedError, InvalidArgumentError } from '../../../src/errors';
import { runConfigSchema } from '../../../src/train/run-config';
import { readResult, readRunConfig } from '../../../src/train/run-folder-node';
import { madeImages } from '../cli/train-made-images';

// Drawing takes a second a time, and is tested with the results.
jest.mock('../../../scripts/plots/render-svg', () => ({ renderSvg: () => Promise.resolve('<svg/>') }));

const images = { train: madeImages(120, 1), test: madeImages(40, 2) };
const DEFINITION: ExperimentDefinition = {
  name: 'tiny',
  data: { subset: 60, validation: 20 },
  recipes: { short: { epochs: 1, batchSize: 20, learningRate: 0.05 } },
  matrix: { model: ['mobilenet_toy'], seed: [1, 2] },
  include: [{ model: 'resnext_toy', groups: 4, width: 16 }],
};
const [MOBILENET, RESNEXT] = ['mobilenet_toy', 'resnext_toy-4-groups-width-16'];
const ORDER = [`${MOBILENET}-seed-1`, `${RESNEXT}-seed-1`, `${MOBILENET}-seed-2`, `${RESNEXT}-seed-2`];

let folder: string;
const to = (...path: string[]): string => join(folder, ...path);
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'cardinal-experiment-'))));
afterEach(() => rm(folder, { recursive: true }));

const request = (more: Partial<ExperimentRequest> = {}): ExperimentRequest => ({
  definition: DEFINITION,
  to: to('x'),
  command: 'cardinal experiment tiny',
  ...more,
});

/** Keeps what an experiment tells, and can stop it at a step of one run. */
function watched(stop?: { run: string; step: number }) {
  const controller = new AbortController();
  const started: [run: string, after: number][] = [];
  let steps = 0;
  const options: ExperimentOptions = {
    images,
    signal: controller.signal,
    reporter: {
      onStart: (run, { resumedAt }) => void started.push([run.name, resumedAt?.step ?? 0]),
      onStep: (run, { step }) => {
        steps++;
        if (run.name === stop?.run && step === stop.step) controller.abort();
      },
    },
  };
  return { options, started, steps: () => steps };
}

async function written(...path: string[]): Promise<ExperimentResults> {
  return JSON.parse(await readFile(to(...path), 'utf8')) as ExperimentResults;
}

const accuracies = ({ runs }: ExperimentResults) => runs.map(({ run, testAccuracy }) => [run, testAccuracy]);

test('runs everything once, goes on where it was stopped, and comes to the same', async () => {
  const straight = watched();
  const { results, files } = await runExperiment(request({ results: to('published') }), straight.options);
  expect(straight.started).toEqual(ORDER.map((run) => [run, 0]));
  expect(straight.steps()).toBe(4 * 3);
  expect((await readdir(to('x'))).sort()).toEqual(
    [...ORDER, 'results.csv', 'results.json', 'results.md', 'results.svg'].sort(),
  );
  expect(await readdir(to('published'))).toEqual(['tiny.json', 'tiny.md', 'tiny.metrics.jsonl', 'tiny.svg']);
  const log = (await readFile(to('published', 'tiny.metrics.jsonl'), 'utf8')).trim().split('\n');
  const epochs = results.runs.flatMap(({ run, epochs: count }) =>
    Array.from({ length: count }, (_, i) => [run, i + 1]),
  );
  expect(log.map((line) => JSON.parse(line)).map(({ run, epoch }) => [run, epoch])).toEqual(epochs);
  expect(await readFile(to('published', 'tiny.md'), 'utf8')).toContain('(tiny.svg)');
  expect(files).toHaveLength(8);
  expect(await written('x', 'results.json')).toEqual(results);
  expect(await written('published', 'tiny.json')).toEqual(results);
  for (const [name, accuracy] of accuracies(results)) {
    expect((await readResult(to('x', String(name))))?.testAccuracy).toBe(accuracy);
  }
  expect(results.wallSeconds).toBeGreaterThan(results.runs.reduce((sum, run) => sum + run.trainSeconds, 0));

  // A second time there is nothing to do, and what was measured keeps its date.
  const tensors = tf.memory().numTensors;
  const again = watched();
  const second = await runExperiment(request(), { ...again.options, images: undefined });
  expect([again.started, again.steps()]).toEqual([[], 0]);
  expect(second.results).toEqual(results);

  // Stopped within the third run, which leaves what the first two came to.
  const stopped = watched({ run: ORDER[2], step: 2 });
  await expect(runExperiment(request({ to: to('y') }), stopped.options)).rejects.toThrow(InterruptedError);
  expect(stopped.started.map(([run]) => run)).toEqual(ORDER.slice(0, 3));
  const partial = await written('y', 'results.json');
  expect(accuracies(partial)).toEqual(accuracies(results).slice(0, 2));
  expect(partial).toMatchObject({ planned: 4, finished: 2 });
  expect(await readFile(to('y', 'results.svg'), 'utf8')).toBe('<svg/>');
  const resumed = watched();
  const whole = await runExperiment(request({ to: to('y') }), resumed.options);
  expect(resumed.started).toEqual([
    [ORDER[2], 2],
    [ORDER[3], 0],
  ]);
  expect(resumed.steps()).toBe(1 + 3);
  expect(accuracies(whole.results)).toEqual(accuracies(results));
  expect(whole.results.wallSeconds).toBeGreaterThan(partial.wallSeconds as number);
  expect(tf.memory().numTensors).toBe(tensors);
});

test('a part may be chosen; results are of all that is finished', async () => {
  const first = watched();
  const only = ['resnext_toy, 4 groups, width 16'];
  await runExperiment(request({ only, seeds: [2] }), first.options);
  expect(first.started).toEqual([[ORDER[3], 0]]);
  const second = watched();
  const { results } = await runExperiment(request({ seeds: [1], only: ['mobilenet_toy'] }), second.options);
  expect(second.started).toEqual([[ORDER[0], 0]]);
  expect(results).toMatchObject({ planned: 4, finished: 2 });
  await expect(runExperiment(request({ only: ['mobilenet_tow'] }), { images })).rejects.toThrow(
    "--only: expected one of mobilenet_toy, resnext_toy, 4 groups, width 16 (did you mean 'mobilenet_toy'?)",
  );
  await expect(runExperiment(request({ seeds: [3] }), { images })).rejects.toThrow(
    '--seeds: expected some of 1, 2. Received: 3.',
  );
});

test('a run that was trained otherwise is an error that says in what; --fresh trains anew', async () => {
  const seeds = { seeds: [1], only: ['mobilenet_toy'] };
  await runExperiment(request(seeds), { images });
  const changed = { ...DEFINITION, recipes: { short: { ...DEFINITION.recipes?.short, learningRate: 0.1 } } };
  const other = watched();
  const asked = request({ ...seeds, definition: changed });
  await expect(runExperiment(asked, other.options)).rejects.toThrow(
    `recipe.learningRate: expected 0.05, which ${to('x', ORDER[0])} has (--fresh trains anew, --to takes another folder). Received: 0.1.`,
  );
  // What cannot be run replaces nothing.
  const tooMany = { ...changed, data: { subset: 500 } };
  await expect(runExperiment({ ...asked, definition: tooMany, fresh: true }, other.options)).rejects.toThrow(
    /^mobilenet_toy: --(subset|validation): expected/,
  );
  expect(other.started).toEqual([]);
  expect((await readRunConfig(to('x', ORDER[0]))).recipe.learningRate).toBe(0.05);
  await runExperiment({ ...asked, fresh: true }, other.options);
  expect(other.started).toEqual([[ORDER[0], 0]]);
  expect((await readRunConfig(to('x', ORDER[0]))).recipe.learningRate).toBe(0.1);
});

test('where a run fails the others are run, and the error comes at the end', async () => {
  const seeds = { seeds: [1] };
  await expect(runExperiment(request(seeds), watched({ run: ORDER[0], step: 1 }).options)).rejects.toThrow(
    InterruptedError,
  );
  await writeFile(to('x', ORDER[0], 'last.safetensors'), 'damaged');
  const failed: string[] = [];
  const { options, started } = watched();
  const onFailure = (run: { name: string }, { message }: CardinalError): void => {
    failed.push(run.name, message);
  };
  await expect(
    runExperiment(request(seeds), { ...options, reporter: { ...options.reporter, onFailure } }),
  ).rejects.toThrow(/^1 of 2 runs failed: .*mobilenet_toy-seed-1: .*last\.safetensors/);
  expect(failed[0]).toBe(ORDER[0]);
  expect(started).toEqual([[ORDER[1], 0]]);
  expect(accuracies(await written('x', 'results.json')).map(([run]) => run)).toEqual([ORDER[1]]);
});

describe('the plan', () => {
  test('has what each run costs, by the model itself', async () => {
    const tensors = tf.memory().numTensors;
    const [mobilenet, resnext] = await planExperiment(DEFINITION);
    expect(tf.memory().numTensors).toBe(tensors);
    // The committed table of the zoo has these for mobilenet_toy.
    expect([mobilenet.trainableParameters, mobilenet.macs]).toEqual([67_914, 3_047_936]);
    expect([mobilenet.imagesSeen, resnext.imagesSeen]).toEqual([60, 60]);
    // ResNeXt's toy at width 16 with 4 groups, by hand: stem, three stages of one block, classifier.
    const conv = (inputs: number, outputs: number, kernel = 1, groups = 1): number =>
      (inputs / groups) * outputs * kernel * kernel + 2 * outputs;
    const block = (inputs: number, width: number, outputs: number): number =>
      conv(inputs, width) +
      conv(width, width, 3, 4) +
      conv(width, outputs) +
      (inputs === outputs ? 0 : conv(inputs, outputs));
    const expected =
      conv(3, 64, 3) + block(64, 16, 64) + block(64, 32, 128) + block(128, 64, 256) + 256 * 10 + 10;
    expect(resnext.trainableParameters).toBe(expected);
    expect(resnext.config.model.options).toMatchObject({ groups: 4, width: 16, seed: 1 });
    expect(mobilenet.config.model.options).not.toHaveProperty('groups');
  });

  test('labels tell apart what differs besides the seed, and nothing else', async () => {
    const definition = {
      name: 'x',
      recipes: { a: { epochs: 1 }, b: { epochs: 2 } },
      matrix: { model: ['mobilenet_toy'], subset: [500, 1000], recipe: ['a', 'b'], seed: [1, 2] },
    };
    const runs = await planExperiment(definition);
    expect(runs.slice(0, 4).map(({ label }) => label)).toEqual([
      'mobilenet_toy, 500 images, a',
      'mobilenet_toy, 500 images, b',
      'mobilenet_toy, 1000 images, a',
      'mobilenet_toy, 1000 images, b',
    ]);
    expect(runs[4].name).toBe('mobilenet_toy-500-images-a-seed-2');
    // 500 images are 3 batches of 128; a tenth of them validates.
    expect([runs[1].imagesSeen, runs[1].config.data.validation]).toEqual([2 * 3 * 128, 50]);
  });

  test.each([
    [
      'a label of two',
      {
        include: [
          { model: 'mobilenet_toy', label: 'a' },
          { model: 'resnet_toy', label: 'a' },
        ],
      },
      /^label: expected another for each of model \w+, seed 0 and model \w+, seed 0\. Received: 'a'/,
    ],
    [
      'labels of one folder',
      {
        include: [
          { model: 'mobilenet_toy', label: 'a b' },
          { model: 'resnet_toy', label: 'A, b' },
        ],
      },
      /^label: expected another/,
    ],
    [
      'groups that do not divide',
      { matrix: { model: ['resnext_toy'], groups: [7] } },
      /^model resnext_toy, groups 7, seed 0: groups: expected/,
    ],
    [
      'groups that a family has not',
      { matrix: { model: ['densenet121'], groups: [2] } },
      /^model densenet121, groups 2, seed 0: groups/,
    ],
    [
      'one of several recipes',
      { recipes: { a: {}, b: {} }, matrix: { model: ['mobilenet_toy'] } },
      /^recipe: expected one of a, b/,
    ],
  ])('%s is an error', async (_, definition, message) => {
    const plan = planExperiment({ name: 'x', ...definition });
    await expect(plan).rejects.toThrow(InvalidArgumentError);
    await expect(plan).rejects.toThrow(message);
  });
});

describe('a config', () => {
  test('without groups and width, as runs had them before, still loads', async () => {
    const [{ config }] = await planExperiment(DEFINITION);
    const old = JSON.parse(JSON.stringify(config)) as typeof config;
    expect(Object.keys(old.model.options)).not.toContain('groups');
    expect(runConfigSchema.parse(old)).toEqual(old);
    expect(configDifference(old, config)).toBeUndefined();
  });

  test('differs where the run would; backend, versions and place of the data are not that', async () => {
    const [mobilenet, resnext] = (await planExperiment(DEFINITION)).map(({ config }) => config);
    const elsewhere = { ...mobilenet, backend: 'x', versions: {}, data: { ...mobilenet.data, source: 'y' } };
    expect(configDifference(elsewhere, mobilenet)).toBeUndefined();
    expect(configDifference(mobilenet, resnext)).toEqual({
      field: 'model.name',
      there: 'mobilenet_toy',
      asked: 'resnext_toy',
    });
    const wider = {
      ...resnext,
      model: { ...resnext.model, options: { ...resnext.model.options, width: 32 } },
    };
    expect(configDifference(resnext, wider)).toEqual({ field: 'model.options.width', there: 16, asked: 32 });
  });

  test('is labelled by its model and what was chosen of it', async () => {
    const [mobilenet, resnext] = (await planExperiment(DEFINITION)).map(({ config }) => config);
    expect([runLabel(mobilenet), runLabel(resnext)]).toEqual([
      'mobilenet_toy',
      'resnext_toy, 4 groups, width 16',
    ]);
    const { options } = resnext.model;
    const chosen = {
      ...options,
      groups: 1,
      width: undefined,
      dropRate: 0.2,
      implementation: 'native',
      seed: 9,
    };
    expect(runLabel({ ...resnext, model: { name: 'm', options: chosen } })).toBe(
      'm, 1 group, dropout 0.2, native',
    );
  });
});

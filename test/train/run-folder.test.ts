import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writeSafetensors } from '../../src/safetensors/file-node';
import { SafetensorsError } from '../../src/safetensors/tensor';
import { DEFAULT_RECIPE } from '../../src/train/recipe';
import type { RunConfig } from '../../src/train/run-config';
import {
  createRun,
  readCheckpoint,
  readResult,
  readRunConfig,
  writeCheckpoint,
  writeMetrics,
} from '../../src/train/run-folder-node';
import type { TrainState } from '../../src/train/train-state';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'run-folder-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const CONFIG: RunConfig = {
  model: {
    name: 'resnext_toy',
    options: { numClasses: 10, inputShape: [32, 32, 3], seed: 0, dropRate: 0, implementation: 'auto' },
  },
  data: { name: 'cifar10', subset: 100, validation: 10 },
  recipe: { ...DEFAULT_RECIPE },
  backend: 'tensorflow',
  versions: { node: '20.0.0' },
};

const metrics = {
  epoch: 1,
  step: 5,
  learningRate: 0.1 / 3,
  trainLoss: 2,
  trainAccuracy: 0.1,
  imagesPerSecond: 60,
  seconds: 1,
};
const array = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
const STATE: TrainState = {
  weights: new Map([
    ['conv/kernel', { shape: [2, 1], data: Float32Array.of(0.1, -0.2) }],
    ['__proto__/bias', array(1e-40)],
  ]),
  ema: new Map([['conv/kernel', array(3, 4)]]),
  optimizer: new Map([['momentum', new Map([['conv/kernel', array(5, 6)]])]]),
  progress: {
    seed: 3,
    epochsDone: 1,
    stepsInEpoch: 2,
    step: 7,
    running: { loss: 0.1 + 0.2, correct: 3, images: 32, seconds: 1 / 3 },
    history: [metrics],
    best: { epoch: 1, validationAccuracy: 0.1 },
  },
};

test('a run keeps its config, its checkpoints to the last bit, and its metrics', async () => {
  const run = join(folder, 'deep', 'run');
  await createRun(run, CONFIG);
  await writeCheckpoint(run, 'last', STATE);
  await writeMetrics(run, [metrics, { ...metrics, epoch: 2 }]);
  expect(await readRunConfig(run)).toEqual(CONFIG);
  expect(await readCheckpoint(run, 'last')).toEqual(STATE);
  expect(await readResult(run)).toBeUndefined();
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([metrics, { ...metrics, epoch: 2 }]);
  await writeMetrics(run, [metrics]);
  expect(readFileSync(join(run, 'metrics.jsonl'), 'utf8')).toBe(`${JSON.stringify(metrics)}\n`);
  expect(readdirSync(run).sort()).toEqual(['SHA256SUMS', 'config.json', 'last.safetensors', 'metrics.jsonl']);
});

test('a run is not overwritten unless that is asked for, and then nothing of it stays', async () => {
  await createRun(folder, CONFIG);
  await writeCheckpoint(folder, 'best', STATE);
  writeFileSync(join(folder, '.last.safetensors.1a2b'), 'of a run that was killed');
  writeFileSync(join(folder, 'notes.txt'), 'of a person');
  const before = readdirSync(folder);
  await expect(createRun(folder, CONFIG)).rejects.toThrow(
    `${folder} holds a run already: continue it by \`cardinal train --resume`,
  );
  expect(readdirSync(folder)).toEqual(before);
  await createRun(folder, { ...CONFIG, backend: 'wasm' }, { overwrite: true });
  expect(readdirSync(folder).sort()).toEqual(['SHA256SUMS', 'config.json', 'notes.txt']);
  expect((await readRunConfig(folder)).backend).toBe('wasm');
});

test('a folder that cannot be is an error, and nothing is written', async () => {
  writeFileSync(join(folder, 'file'), 'x');
  await expect(createRun(join(folder, 'file', 'run'), CONFIG)).rejects.toThrow(/could not be (read|written)/);
  expect(readdirSync(folder)).toEqual(['file']);
});

// Other systems have no folder in which Node's own recursive mkdir never ends.
const onLinux = existsSync('/proc/self') ? test : test.skip;
onLinux('a folder in /proc is an error that names it', async () => {
  const path = '/proc/tfjs-cardinal/run';
  await expect(createRun(path, CONFIG)).rejects.toThrow(`${path} could not be written: ENOENT`);
});

test('what is missing or damaged is an error that names the file', async () => {
  await expect(readRunConfig(folder)).rejects.toThrow('is no run folder: it has no config.json');
  writeFileSync(join(folder, 'config.json'), '{"model": ');
  await expect(readRunConfig(folder)).rejects.toThrow('config.json is damaged: it is not valid JSON');
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({ ...CONFIG, data: { name: 'cifar10', validation: 'x' } }),
  );
  await expect(readRunConfig(folder)).rejects.toThrow('config.json is damaged: data.validation');

  await expect(readCheckpoint(folder, 'best')).rejects.toThrow('has no best.safetensors');
  const path = join(folder, 'best.safetensors');
  await writeCheckpoint(folder, 'best', STATE);
  truncateSync(path, 200);
  await expect(readCheckpoint(folder, 'best')).rejects.toThrow(SafetensorsError);
  await expect(readCheckpoint(folder, 'best')).rejects.toThrow(`${path} is damaged: the header claims`);
  await writeSafetensors(path, new Map([['fc.weight', array(1)]]));
  await expect(readCheckpoint(folder, 'best')).rejects.toThrow('it is not a checkpoint of this package');
  await writeSafetensors(
    path,
    new Map(),
    new Map([
      ['format', 'tfjs-cardinal checkpoint 1'],
      ['progress', '{"step":1}'],
    ]),
  );
  await expect(readCheckpoint(folder, 'best')).rejects.toThrow('where the run stands');
  rmSync(path);
  mkdirSync(path);
  await expect(readCheckpoint(folder, 'best')).rejects.toThrow('not a file');
});

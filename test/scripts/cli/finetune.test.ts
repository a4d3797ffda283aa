import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

import { createModel } from '../../../models';
import { prepareFinetune } from '../../../scripts/finetune';
import { loadRunModel } from '../../../scripts/load-run-model';
import { resumeRun, startRun } from '../../../scripts/run-training';
import { useBackend } from '../../../src/backends/use-backend-node';
import { torchTensors } from '../../../src/import/torch-weights';
import { serialiseSafetensors } from '../../../src/safetensors/serialise';
import { readCheckpoint, readRunConfig } from '../../../src/train/run-folder-node';
import { readWeights } from '../../../src/train/weights';
import { makeImageFolder } from '../../data/made-image-folder';
import { makeShapesFolder } from '../../support/shapes-folder';
import { cardinal } from './in-process';

let folder: string;
let shapes: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'finetune-'));
  shapes = join(folder, 'shapes');
  await makeImageFolder(shapes, { count: 40, seed: 1 });
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a folder of images is learnt in seconds, and the run folder is one like any', async () => {
  const run = join(folder, 'run');
  const options = [
    '--model',
    'mobilenet_toy',
    '--epochs',
    '8',
    '--batch-size',
    '16',
    '--no-crop',
    '--seed',
    '1',
  ];
  const before = tf.memory().numTensors;
  const { code, out, err } = await cardinal('finetune', shapes, ...options, '--to', run, '--json');
  expect([code, err.includes('12 validation images')]).toEqual([0, true]);
  expect(tf.memory().numTensors).toBe(before);
  const result = JSON.parse(out) as Record<string, number | string | object>;
  expect(result.testAccuracy).toBeGreaterThan(0.9);
  expect(result).toMatchObject({ testImages: 12, trainImages: 108, testData: 'shapes/validation' });
  expect(Object.keys(result.classAccuracy as object)).toEqual(['blank', 'dots', 'stripes']);
  const config = await readRunConfig(run);
  expect(config.recipe).toMatchObject({ epochs: 8, learningRate: 0.1, padCrop: 0 });
  const { model, description } = await loadRunModel(run, config, 'best');
  expect(model.outputs[0].shape).toEqual([null, 3]);
  expect(description).toMatchObject({
    classNames: ['blank', 'dots', 'stripes'],
    weights: { data: 'image-folder' },
  });
  model.dispose();
  // Testing reads the images anew, and comes to the same.
  const tested = await cardinal('eval', run, '--json');
  expect(JSON.parse(tested.out)).toMatchObject({
    accuracy: result.testAccuracy,
    count: 12,
    testData: 'shapes/validation',
  });
  // Nowhere are they called test images, which nobody chose an epoch by.
  const { out: shown } = await cardinal('eval', run);
  expect(shown).toMatch(/ % of 12 validation images \(which also chose the epoch\), loss /);
  const page = join(folder, 'report.html');
  const reported = await cardinal('report', run, '--to', page, '--no-measure');
  expect([reported.code, reported.out]).toEqual([
    0,
    expect.stringContaining('12 validation images of shapes'),
  ]);
  const html = readFileSync(page, 'utf8');
  expect(html).toMatch(/in percent of its validation images/);
  expect(html).toMatch(/alt="validation image \d+: /);
  expect(html).toMatch(/>validation accuracy</);
  expect(html.match(/\btest (images?|accuracy|loss)\b/gi)).toBeNull();
});

test('from trained weights, frozen in part: only the rest changes; stopped and resumed it comes to the same', async () => {
  await useBackend('auto');
  const source = createModel('resnext_toy', { seed: 3 });
  const weights = join(folder, 'source.safetensors');
  writeFileSync(weights, serialiseSafetensors(torchTensors(source)));
  const start = readWeights(source);
  source.dispose();
  const request = {
    folder: shapes,
    model: 'resnext_toy',
    weights,
    freeze: 'layer2',
    imageSize: 16,
    recipe: { epochs: 2, batchSize: 36, seed: 2 },
  };
  const before = tf.memory().numTensors;
  const { config, images } = await prepareFinetune(request);
  expect(config.recipe).toMatchObject({ learningRate: 0.01, weightDecay: 1e-4, padCrop: 2 });
  expect(config.model).toMatchObject({
    weights,
    freeze: 'layer2',
    options: { inputShape: [16, 16, 3], numClasses: 3 },
  });
  const straight = await startRun(join(folder, 'a'), config, { images });
  const controller = new AbortController();
  const reporter = { onStep: ({ step }: { step: number }) => step === 4 && controller.abort() };
  const stopped = startRun(join(folder, 'b'), config, { images, signal: controller.signal, reporter });
  await expect(stopped).rejects.toThrow('interrupted after 1 of 2 epochs');
  const resumed = await resumeRun(join(folder, 'b'));
  expect([resumed.testLoss, resumed.confusion]).toEqual([straight.testLoss, straight.confusion]);
  expect(tf.memory().numTensors).toBe(before);
  const { weights: after } = await readCheckpoint(join(folder, 'b'), 'last');
  for (const [name, { data }] of after) {
    const stays = /^(conv1|bn1|layer[12])[./]/.test(name);
    const same = data.join() === start.get(name)?.data.join();
    if (same !== stays) throw new Error(`${name} ${same ? 'stayed' : 'changed'}`);
  }
});

test('at its defaults it has steps enough for few images, and tells shapes apart', async () => {
  const simple = join(folder, 'simple');
  await makeShapesFolder(simple, { count: 60, seed: 1, size: 32 });
  const options = ['--model', 'mobilenet_v3_toy', '--to', join(folder, 'defaults'), '--json'];
  const { code, out } = await cardinal('finetune', simple, ...options);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ epochs: 30, trainImages: 162, testImages: 18 });
  expect((JSON.parse(out) as { testAccuracy: number }).testAccuracy).toBeGreaterThan(0.9);
});

test.each([
  [{}, 30, 16], // of 108 images
  [{ epochs: 2 }, 2, 8],
  [{ epochs: 200 }, 200, 32],
  [{ batchSize: 50 }, 30, 50],
])('with %j it has %d epochs in batches of %d', async (recipe, epochs, batchSize) => {
  const { config } = await prepareFinetune({ folder: shapes, model: 'resnext_toy', recipe });
  expect(config.recipe).toMatchObject({ epochs, batchSize });
});

test.each([
  [['finetune', 'SHAPES'], '--model: expected a name that `cardinal list` shows.'],
  [['finetune', 'SHAPES', '--model', 'resnext_toyz'], "(did you mean 'resnext_toy'?)"],
  [['finetune', 'none', '--model', 'resnext_toy'], "one folder of images for each class. Received: 'none'."],
  [
    ['finetune', 'SHAPES', '--model', 'resnext_toy', '--freeze', 'layer9'],
    '--freeze: expected a module of resnext_toy',
  ],
  [
    ['finetune', 'SHAPES', '--model', 'resnext_toy', '--freeze', 'fc'],
    '--freeze: expected a module that leaves',
  ],
  [
    ['finetune', 'SHAPES', '--model', 'resnext_toy', '--validation-share', '0'],
    "--validation-share: expected a number above 0 and below 1. Received: '0'.",
  ],
  [['finetune', 'SHAPES', '--model', 'resnext_toy', '--subset', '3'], "unknown option '--subset'"],
  [
    ['finetune', 'SHAPES', '--model', 'resnext_toy', '--batch-size', '500'],
    'at most 108, the training images',
  ],
])('%j is wrong usage', async (args, message) => {
  const to = ['--to', join(folder, 'wrong')];
  const { code, out, err } = await cardinal(...args.map((arg) => (arg === 'SHAPES' ? shapes : arg)), ...to);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(message);
  expect(err.trim().split('\n').at(-1)).toMatch(/^error: /);
});

test('help has the defaults that apply here, and examples', async () => {
  const { code, out } = await cardinal('finetune', '--help');
  expect(code).toBe(0);
  expect(out).toMatch(/--lr <rate> +highest learning rate \(with weights 0\.01/);
  expect(out).toContain('$ cardinal finetune flowers --model resnet18');
  expect(out).not.toContain('--subset');
});

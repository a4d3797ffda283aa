import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { createModel } from '../../models';
import { buildModel, buildPretrained } from '../../models/create-model';
import { torchTensors } from '../../src/import/torch-weights';
import { serialiseSafetensors } from '../../src/safetensors/serialise';
import { readWeights } from '../../src/train/weights';
import { useBackend } from '../../src/backends/use-backend-node';
import { TESTED_BACKENDS } from '../support/backends';
import { madeFamily } from './made-family';

const NAME = 'made_cifar';
let bytes: Uint8Array;
let weights: ReturnType<typeof readWeights>;

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
  const model = buildModel(madeFamily, NAME, { seed: 1 });
  bytes = serialiseSafetensors(torchTensors(model));
  weights = readWeights(model);
  model.dispose();
});

/** The weights that differ from the ones of the source. */
function changed(model: tf.LayersModel): string[] {
  return [...readWeights(model)]
    .filter(([name, { data }]) => data.join() !== weights.get(name)?.data.join())
    .map(([name]) => name);
}

test('has the weights of the source', async () => {
  const before = tf.memory().numTensors;
  const model = await buildPretrained(madeFamily, NAME, { weights: bytes });
  expect(changed(model)).toEqual([]);
  model.dispose();
  // The same number of classes, said aloud, keeps the head.
  const same = await buildPretrained(madeFamily, NAME, { weights: bytes, numClasses: 10 });
  expect(changed(same)).toEqual([]);
  same.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('has a fresh head for another number of classes: the one of a fresh model with that seed', async () => {
  const before = tf.memory().numTensors;
  const model = await buildPretrained(madeFamily, NAME, { weights: bytes, numClasses: 3, seed: 4 });
  expect(changed(model)).toEqual(['fc/kernel', 'fc/bias']);
  const fresh = buildModel(madeFamily, NAME, { numClasses: 3, seed: 4 });
  expect(readWeights(model).get('fc/kernel')).toEqual(readWeights(fresh).get('fc/kernel'));
  model.dispose();
  fresh.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('features of a whole checkpoint', async () => {
  const before = tf.memory().numTensors;
  const model = await buildPretrained(madeFamily, NAME, { weights: bytes, features: true });
  expect(model.outputs).toHaveLength(3);
  expect(changed(model)).toEqual([]);
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('what does not fit apart from the head is an error, and so is a head that nobody asked to replace', async () => {
  const before = tf.memory().numTensors;
  const other = buildModel(madeFamily, NAME, { numClasses: 3, initialise: false });
  const tensors = new Map(torchTensors(other));
  other.dispose();
  const threeClasses = serialiseSafetensors(tensors);
  await expect(buildPretrained(madeFamily, NAME, { weights: threeClasses })).rejects.toThrow(
    'fc.weight (expected [10, 12], received [3, 12])',
  );
  tensors.delete('layer3.0.conv1.weight');
  const incomplete = serialiseSafetensors(tensors);
  for (const numClasses of [3, 4]) {
    const wanted = buildPretrained(madeFamily, NAME, { weights: incomplete, numClasses });
    await expect(wanted).rejects.toThrow('1 missing: layer3.0.conv1.weight');
  }
  expect(tf.memory().numTensors).toBe(before);
});

test('createModel: with weights a promise, without the model itself', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pretrained-'));
  const source = createModel('resnet_toy', { seed: 3 });
  const file = join(folder, 'toy.safetensors');
  writeFileSync(file, serialiseSafetensors(torchTensors(source)));
  const model: tf.LayersModel = await createModel('resnet_toy', { weights: file });
  expect(readWeights(model)).toEqual(readWeights(source));
  const sync: tf.LayersModel = createModel('resnet_toy', { initialise: false });
  expect(sync.outputs[0].shape).toEqual([null, 10]);
  await expect(createModel('resnet_toy', { weights: join(folder, 'none') })).rejects.toThrow('none');
  [source, model, sync].forEach((each) => each.dispose());
  rmSync(folder, { recursive: true });
});

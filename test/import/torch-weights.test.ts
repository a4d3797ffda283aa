import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { createModel } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { assignTorchTensors, torchTensors } from '../../src/import/torch-weights';
import { loadTorchWeights, saveTorchWeights } from '../../src/import/torch-weights-node';
import { loadWeights } from '../../src/import/load-weights';
import { readSafetensors } from '../../src/safetensors/file-node';
import { serialiseSafetensors } from '../../src/safetensors/serialise';
import type { StoredTensor } from '../../src/safetensors/tensor';
import { readWeights } from '../../src/train/weights';
import { torchFillTensors } from '../support/torch-fill';

let folder: string;
let model: tf.LayersModel;
let tensors: Map<string, StoredTensor>;

beforeAll(() => useBackend('cpu'));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cardinal-torch-'));
  model = createModel('resnext_toy', { seed: 1 });
  tensors = torchFillTensors(model, { gain: 1 });
});

afterEach(async () => {
  model.dispose();
  await rm(folder, { recursive: true });
});

const numbers = (): Record<string, number[]> =>
  Object.fromEntries([...readWeights(model)].map(([name, { data }]) => [name, [...data]]));

test('what is saved is a state_dict, and loads into the same weights', async () => {
  const saved = numbers();
  const file = join(folder, 'toy.safetensors');
  await saveTorchWeights(model, file);
  const { tensors: stored, metadata } = await readSafetensors(file);
  expect(metadata.get('format')).toBe('pt');
  expect(stored.get('fc.weight')?.shape).toEqual([10, model.getLayer('fc').inputSpec[0].axes?.[-1]]);
  // A strict load_state_dict asks for the count of every batch norm.
  const norms = model.layers.filter((layer) => layer.getClassName() === 'BatchNormalization');
  expect(norms.length).toBeGreaterThan(5);
  for (const { name } of norms) {
    expect(stored.get(`${name}.num_batches_tracked`)).toEqual({
      dtype: 'I64',
      shape: [],
      data: BigInt64Array.of(0n),
    });
  }
  expect(stored.size).toBe(model.weights.length + norms.length);

  assignTorchTensors(model, tensors);
  expect(numbers()).not.toEqual(saved);
  const before = tf.memory().numTensors;
  const report = await loadTorchWeights(model, file);
  expect(tf.memory().numTensors).toBe(before);
  expect(report).toEqual({ loaded: model.weights.length, missing: [], unexpected: [], mismatched: [] });
  expect(numbers()).toEqual(saved);
});

test('everything that does not fit is listed, and nothing is changed', () => {
  const before = numbers();
  const fc = tensors.get('fc.weight') as StoredTensor;
  tensors.delete('bn1.weight');
  tensors.delete('fc.bias');
  tensors.set('head.weight', fc);
  tensors.set('head.num_batches_tracked', { dtype: 'I64', shape: [], data: BigInt64Array.of(5n) });
  tensors.set('fc.weight', { ...fc, shape: [...fc.shape].reverse() });
  const ints = tensors.get('bn1.bias') as StoredTensor;
  tensors.set('bn1.bias', { dtype: 'I32', shape: ints.shape, data: new Int32Array(ints.data.length) });
  const [classes, features] = fc.shape;
  expect(() => assignTorchTensors(model, tensors)).toThrow(
    'the weights do not fit resnext_toy, which was left as it is; 2 missing: bn1.weight, fc.bias; ' +
      '1 unexpected: head.weight; 2 mis-shaped: bn1.bias (expected floats, received I32), ' +
      `fc.weight (expected [${classes}, ${features}], received [${features}, ${classes}]); strict: false loads the others`,
  );
  expect(numbers()).toEqual(before);
});

test('strict: false loads what fits, and says what did not', async () => {
  const before = numbers();
  const fc = tensors.get('fc.weight') as StoredTensor;
  tensors.set('fc.weight', { dtype: 'F32', shape: [1000, 3], data: new Float32Array(3000) });
  tensors.delete('fc.bias');
  const report = await loadWeights(model, tensors, { strict: false });
  expect(report).toEqual({
    loaded: model.weights.length - 2,
    missing: ['fc.bias'],
    unexpected: [],
    mismatched: [{ name: 'fc.weight', expected: `[${fc.shape.join(', ')}]`, received: '[1000, 3]' }],
  });
  const after = numbers();
  expect(after['fc/kernel']).toEqual(before['fc/kernel']);
  expect(after['bn1/gamma']).toEqual([...(tensors.get('bn1.weight') as StoredTensor).data].map(Number));
});

test('tensors of another model load under no option', () => {
  const other = new Map([['encoder.weight', tensors.get('fc.weight') as StoredTensor]]);
  expect(() => assignTorchTensors(model, other, { strict: false })).toThrow(
    /\d+ missing: .*, and \d+ more; 1 unexpected: encoder\.weight; not one tensor fits/,
  );
});

test('half precision and doubles widen; bytes of a file do as well as tensors', async () => {
  const halves = torchTensors(model) as Map<string, StoredTensor>;
  const { shape } = halves.get('fc.bias') as StoredTensor;
  halves.set('fc.bias', { dtype: 'F64', shape, data: new Float64Array(shape[0]).fill(0.1) });
  await loadWeights(model, serialiseSafetensors(halves));
  expect(numbers()['fc/bias']).toEqual(new Array(shape[0]).fill(Math.fround(0.1)));

  // 1.5 as F16 is 0x3e00, as BF16 0x3fc0; the writer writes neither, so the file is made from one of U16.
  for (const [dtype, bits] of [
    ['F16', 0x3e00],
    ['BF16', 0x3fc0],
  ] as const) {
    halves.set('fc.bias', { dtype: 'U16', shape, data: new Uint16Array(shape[0]).fill(bits) });
    const bytes = Buffer.from(serialiseSafetensors(halves));
    // The two names differ in length, which a space in the header makes up for.
    const header = bytes.readUInt32LE(0);
    const text = bytes.toString('utf8', 8, 8 + header).replace('"U16"', `"${dtype}"`);
    const longer = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
    const prefix = Buffer.alloc(8);
    prefix.writeUInt32LE(longer.length);
    await loadWeights(model, Buffer.concat([prefix, longer, bytes.subarray(8 + header)]));
    expect(numbers()['fc/bias']).toEqual(new Array(shape[0]).fill(1.5));
  }
});

test('a weight that PyTorch has no counterpart of is named, and no file is written', async () => {
  const words = tf.sequential({
    layers: [tf.layers.embedding({ name: 'words', inputDim: 4, outputDim: 2 })],
  });
  words.build([null, 3]);
  await expect(saveTorchWeights(words, join(folder, 'x.safetensors'))).rejects.toThrow(
    'no weight of PyTorch corresponds to words/embeddings [4, 2]',
  );
  expect(await readdir(folder)).toEqual([]);
  words.dispose();
});

test('a checkpoint of torch.save is told from a safetensors file', async () => {
  const file = join(folder, 'resnet18.pth');
  const { heads } = JSON.parse(
    readFileSync(join(__dirname, '..', 'fixtures', 'file-heads.json'), 'utf8'),
  ) as { heads: Record<string, string> };
  await writeFile(file, Buffer.from(heads['torch.save, zip'], 'base64'));
  await expect(loadWeights(model, file)).rejects.toThrow(
    `${file} is no safetensors file but a pickle in a zip, as torch.save writes it`,
  );
  await expect(loadWeights(model, join(folder, 'none.safetensors'))).rejects.toThrow('no such file');
});

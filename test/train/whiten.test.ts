import * as tf from '@tensorflow/tfjs';

import { useBackend } from '../../src/backends/use-backend-node';
import { batches } from '../../src/data/batches';
import { InvalidArgumentError } from '../../src/errors';
import { train } from '../../src/train/train';
import { readWeights } from '../../src/train/weights';
import { whitenFirstConvolution, whiteningKernel } from '../../src/train/whiten';
import { smallDataset, smallModel } from './small-problem';

beforeAll(async () => {
  await useBackend('auto');
});

function model(filters: number): tf.LayersModel {
  const input = tf.input({ shape: [8, 8, 3] });
  const y = tf.layers.conv2d({ name: 'first', filters, kernelSize: 2, biasInitializer: 'ones' }).apply(input);
  const pooled = tf.layers.globalAveragePooling2d({} as never).apply(y);
  return tf.model({
    inputs: input,
    outputs: tf.layers.dense({ name: 'fc', units: 3 }).apply(pooled) as tf.SymbolicTensor,
  });
}

test('what the first convolution puts out is uncorrelated, of size 1, and followed by its negative', () => {
  const images = smallDataset(40);
  const net = model(24);
  const before = tf.memory().numTensors;
  whitenFirstConvolution(net, images);
  expect(tf.memory().numTensors).toBe(before);
  const [kernel, bias] = net.layers[1].getWeights() as [tf.Tensor4D, tf.Tensor1D];
  expect([...bias.dataSync()]).toEqual(new Array(24).fill(1));
  const [batch] = batches(images, { batchSize: 40 });
  const { moments, count } = tf.tidy(() => {
    const rows = tf.conv2d(tf.tensor4d(batch.images, [40, 8, 8, 3]), kernel, 1, 'valid').reshape([-1, 24]);
    return { moments: tf.matMul(rows, rows, true).arraySync() as number[][], count: rows.shape[0] };
  });
  for (let i = 0; i < 24; i++) {
    for (let j = 0; j < 24; j++) {
      // Eigenvalues are far above the 5e-4 that is added to them here.
      const expected = i % 12 !== j % 12 ? 0 : i === j ? 1 : -1;
      expect(moments[i][j] / count).toBeCloseTo(expected, 2);
    }
  }
});

test('fewer filters keep the directions in which patches vary most', () => {
  const images = smallDataset(40);
  const [all, some] = [model(24), model(6)].map((net) => {
    whitenFirstConvolution(net, images);
    return (net.layers[1].getWeights()[0] as tf.Tensor4D).reshape([12, -1]).arraySync() as number[][];
  });
  some.forEach((row, i) => expect(row.slice(0, 3)).toEqual(all[i].slice(0, 3)));
  const lengths = [0, 5, 11].map((filter) => Math.hypot(...all.map((row) => row[filter])));
  expect(lengths[0]).toBeLessThan(lengths[1]);
  expect(lengths[1]).toBeLessThan(lengths[2]);
});

test('the kernel stays in training, its bias and all else move', async () => {
  const images = smallDataset(40);
  const net = model(24);
  await train(net, { train: images }, { epochs: 1, batchSize: 10, whiten: true, seed: 1 });
  const after = readWeights(net);
  const fresh = model(24);
  whitenFirstConvolution(fresh, images);
  expect(whiteningKernel(fresh)).toBe('first/kernel');
  const [kernel] = fresh.layers[1].getWeights();
  expect([...(after.get('first/kernel')?.data ?? [])]).toEqual([...kernel.dataSync()]);
  expect([...(after.get('first/bias')?.data ?? [])]).not.toContain(1);
});

test('a model that cannot be whitened is refused by name', () => {
  expect(() => whitenFirstConvolution(model(26), smallDataset(4))).toThrow(InvalidArgumentError);
  expect(() => whitenFirstConvolution(model(5), smallDataset(4))).toThrow(/even number of filters up to 24/);
  const dense = tf.sequential({
    layers: [tf.layers.flatten({ inputShape: [8, 8, 3] }), tf.layers.dense({ units: 3 })],
  });
  expect(() => whitenFirstConvolution(dense, smallDataset(4))).toThrow(/no convolution reads/);
  expect(() => whitenFirstConvolution(smallModel(), smallDataset(4))).not.toThrow();
});

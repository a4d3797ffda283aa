import * as tf from '@tensorflow/tfjs';

import { useBackend } from '../../src/backends/use-backend-node';
import { batches } from '../../src/data/batches';
import { groupedConv2D } from '../../src/layers/grouped-conv2d';
import { evaluate } from '../../src/train/evaluate';
import { logitsModel } from '../../src/train/logits-model';
import { train } from '../../src/train/train';
import { TESTED_BACKENDS } from '../support/backends';
import { smallDataset, smallModel } from './small-problem';

beforeAll(() => useBackend(TESTED_BACKENDS[0]));

type Ending = (x: tf.SymbolicTensor) => tf.SymbolicTensor;

const kernelInitializer = tf.initializers.glorotUniform({ seed: 5 });
const dense = (activation?: 'softmax') =>
  tf.layers.dense({ units: 3, name: 'fc', activation, kernelInitializer });
const convolution = (activation?: 'softmax') =>
  groupedConv2D({ filters: 3, groups: 1, kernelSize: 1, name: 'fc', activation, kernelInitializer });
const applied = (x: tf.SymbolicTensor, ...layers: tf.layers.Layer[]): tf.SymbolicTensor =>
  layers.reduce((y, layer) => layer.apply(y) as tf.SymbolicTensor, x);
const images = (x: tf.SymbolicTensor) => applied(x, tf.layers.reshape({ targetShape: [1, 1, 6] }));

/** The softmax of a network within another. */
const within: Ending = (x) => {
  const input = tf.input({ shape: [6] });
  return applied(x, tf.model({ inputs: input, outputs: applied(input, dense('softmax')), name: 'inner' }));
};

const ENDINGS: [string, Ending, Ending][] = [
  ['a softmax of the last layer', (x) => applied(x, dense('softmax')), (x) => applied(x, dense())],
  ['a softmax layer', (x) => applied(x, dense(), tf.layers.softmax()), (x) => applied(x, dense())],
  [
    'an activation and a reshape, as MobileNet has them in Keras',
    (x) =>
      applied(
        images(x),
        convolution(),
        tf.layers.activation({ activation: 'softmax' }),
        tf.layers.reshape({ targetShape: [3] }),
      ),
    (x) => applied(images(x), convolution(), tf.layers.flatten()),
  ],
  [
    'a softmax of a grouped convolution',
    (x) => applied(images(x), convolution('softmax'), tf.layers.flatten()),
    (x) => applied(images(x), convolution(), tf.layers.flatten()),
  ],
  ['a model within the model', within, (x) => applied(x, dense())],
];

function model(ending: Ending): tf.LayersModel {
  const whole = smallModel({ seed: 2 });
  const features = whole.getLayer('pool').output as tf.SymbolicTensor;
  return tf.model({ inputs: whole.inputs, outputs: ending(features), name: 'small' });
}

describe.each(ENDINGS)('%s', (_, softmax, linear) => {
  test('evaluates to what its probabilities say, and stays as it is', async () => {
    const data = smallDataset(30);
    const probable = model(softmax);
    const [batch] = batches(data, { batchSize: 30 });
    const predict = (): Float32Array =>
      tf.tidy(() =>
        (probable.predict(tf.tensor(batch.images, [30, 8, 8, 3])) as tf.Tensor).dataSync<'float32'>().slice(),
      );
    const probabilities = predict();
    const held = tf.memory().numTensors;
    const { loss, accuracy } = await evaluate(probable, data);
    expect(tf.memory().numTensors).toBe(held);
    // In plain loops, by Keras's definition of the loss.
    let [expected, right] = [0, 0];
    batch.labels.forEach((label, i) => {
      const row = [...probabilities.subarray(i * 3, i * 3 + 3)];
      expected -= Math.log(row[label]) / 30;
      if (row.indexOf(Math.max(...row)) === label) right++;
    });
    expect(loss).toBeCloseTo(expected, 5);
    expect(accuracy).toBeCloseTo(right / 30, 10);
    expect(predict()).toEqual(probabilities);
  });

  test('trains to the weights of the same model without it', async () => {
    const data = { train: smallDataset(48), validation: smallDataset(12, { seed: 2 }) };
    const [probable, logits] = [model(softmax), model(linear)];
    const options = { epochs: 2, batchSize: 16, seed: 3 };
    const [one, other] = [await train(probable, data, options), await train(logits, data, options)];
    expect(one.history.map(({ trainLoss }) => trainLoss)).toEqual(
      other.history.map(({ trainLoss }) => trainLoss),
    );
    const weights = (trained: tf.LayersModel) =>
      trained.weights.map((weight) => [...weight.read().dataSync()]);
    expect(weights(probable)).toEqual(weights(logits));
    const sums = tf.tidy(() => (probable.predict(tf.zeros([1, 8, 8, 3])) as tf.Tensor).sum().dataSync()[0]);
    expect(sums).toBeCloseTo(1, 5);
  });
});

test('a model of logits is passed on as it is', () => {
  const own = model((x) => applied(x, dense()));
  expect(logitsModel(own).model).toBe(own);
});

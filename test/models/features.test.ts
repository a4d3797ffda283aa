import * as tf from '@tensorflow/tfjs';
import { type ModelName, createModel, featureInfo } from '../../models';
import { buildModel } from '../../models/create-model';
import { useBackend } from '../../src/backends/use-backend-node';
import { TESTED_BACKENDS, expectNoLeak } from '../support/backends';
import { madeFamily } from './made-family';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

type Made = Parameters<typeof madeFamily.build>[1];
const build = (name: Made, options = {}) => buildModel(madeFamily, name, { seed: 1, ...options });

test('the deepest stage at each stride from 2 on, from 1 on for small images', () => {
  const outputs = (name: Made, size: number) => {
    const model = build(name, { features: true, inputShape: [size, size, 3] });
    const shapes = model.outputs.map(({ shape }) => shape.slice(1));
    const info = featureInfo(model);
    model.dispose();
    return { shapes, info };
  };
  expect(outputs('made', 64)).toEqual({
    shapes: [
      [32, 32, 4],
      [16, 16, 8],
      [8, 8, 12],
    ],
    info: [
      { module: 'layer1', channels: 4, stride: 2 },
      { module: 'layer2', channels: 8, stride: 4 },
      { module: 'layer4', channels: 12, stride: 8 },
    ],
  });
  expect(outputs('made_cifar', 32)).toEqual({
    shapes: [
      [32, 32, 4],
      [16, 16, 8],
      [8, 8, 12],
    ],
    info: [
      { module: 'layer1', channels: 4, stride: 1 },
      { module: 'layer2', channels: 8, stride: 2 },
      { module: 'layer4', channels: 12, stride: 4 },
    ],
  });
  // A stride is the layers', not what is left of an image that does not divide by it.
  expect(outputs('made', 5).info.map(({ stride }) => stride)).toEqual([2, 4, 8]);
});

test('they are what those layers put out within the whole model', () => {
  const options = { inputShape: [16, 16, 3] };
  const [whole, cut] = [build('made_cifar', options), build('made_cifar', { ...options, features: true })];
  expect(whole.outputs[0].shape).toEqual([null, 10]);
  expect(featureInfo(whole)).toEqual(featureInfo(cut));
  tf.tidy(() => {
    const x = tf.randomNormal([2, 16, 16, 3], 0, 1, 'float32', 3);
    const probe = tf.model({
      inputs: whole.inputs,
      outputs: ['layer1', 'layer2', 'layer4'].map(
        (stage) => whole.getLayer(`${stage}.0.relu1`).output as tf.SymbolicTensor,
      ),
    });
    const expected = (probe.predict(x) as tf.Tensor[]).map((y) => y.dataSync());
    const features = (cut.predict(x) as tf.Tensor[]).map((y) => y.dataSync());
    expect(features).toEqual(expected);
    expect(Math.max(...features[2])).toBeGreaterThan(0);
  });
  whole.dispose();
  cut.dispose();
});

test('layers that no output needs are freed, and the rest with the model', () => {
  expectNoLeak(() => build('made', { features: true }).dispose());
  const before = tf.memory().numTensors;
  const cut = build('made', { features: true });
  expect(cut.layers.map(({ name }) => name)).not.toContain('fc');
  expect(tf.memory().numTensors - before).toBe(cut.weights.length);
  cut.dispose();
});

test('a family without marked stages says so, and leaves nothing behind', () => {
  const before = tf.memory().numTensors;
  expect(() => build('made_convolution', { features: true })).toThrow(
    'features: expected false for made_convolution, which marks no stages. Received: true.',
  );
  expect(() => build('made', { features: 1 })).toThrow('features: expected true or false. Received: 1.');
  expect(tf.memory().numTensors).toBe(before);
});

test('of a name or a model of the zoo; others are refused', () => {
  expect(() => featureInfo('resnet_toyz' as ModelName)).toThrow("did you mean 'resnet_toy'?");
  const input = tf.input({ shape: [4] });
  const other = tf.model({ name: 'other', inputs: input, outputs: tf.layers.reLU().apply(input) as never });
  expect(() => featureInfo(other)).toThrow(
    "model: expected a model of the zoo, or its name. Received: 'other'.",
  );
  const toy = createModel('resnext_toy', { initialise: false });
  expect(featureInfo('resnext_toy')).toEqual(featureInfo(toy));
  toy.dispose();
});

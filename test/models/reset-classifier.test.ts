import * as tf from '@tensorflow/tfjs';
import { createModel, featureInfo, resetClassifier } from '../../models';
import { buildModel } from '../../models/create-model';
import { useBackend } from '../../src/backends/use-backend-node';
import { TESTED_BACKENDS } from '../support/backends';
import { madeFamily } from './made-family';
import { savedAndLoaded } from '../support/saved-and-loaded';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

const values = (model: tf.LayersModel) =>
  new Map(model.weights.map((weight) => [weight.originalName, weight.read().dataSync().slice()]));

describe.each([
  ['made_cifar', 'fc'],
  ['made_convolution', 'classifier.1'],
] as const)('%s', (name, head) => {
  test('has a fresh head of the same name and kind, and every other weight as it was', () => {
    const before = tf.memory().numTensors;
    const old = buildModel(madeFamily, name, { seed: 1 });
    const layers = old.layers.map((layer) => layer.name);
    const [shared, held] = [values(old), tf.memory().numTensors];
    const model = resetClassifier(old, 3, { seed: 2 });
    expect(tf.memory().numTensors).toBe(held);
    expect(model.name).toBe(name);
    expect(model.outputs[0].shape).toEqual([null, 3]);
    expect(model.layers.map((layer) => layer.name)).toEqual(layers);
    const renewed = values(model);
    expect([...renewed.keys()]).toEqual([...shared.keys()]);
    for (const [weight, array] of renewed) {
      if (!weight.startsWith(`${head}/`)) expect(array).toEqual(shared.get(weight));
    }
    const kernel = renewed.get(`${head}/kernel`) as Float32Array;
    expect(kernel).toHaveLength(12 * 3);
    expect(new Set(kernel).size).toBe(12 * 3);
    // The graph goes through the new head, in prediction and in training.
    tf.tidy(() => {
      const x = tf.randomNormal([2, 32, 32, 3], 0, 1, 'float32', 4);
      expect((model.predict(x) as tf.Tensor).shape).toEqual([2, 3]);
      const { grads } = tf.variableGrads(
        () => (model.apply(x, { training: true }) as tf.Tensor).square().mean() as tf.Scalar,
        model.trainableWeights.map((weight) => weight.read() as tf.Variable),
      );
      expect(Object.keys(grads)).toHaveLength(model.trainableWeights.length);
    });
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('draws by its seed', () => {
    const kernel = (seed?: number) => {
      const model = resetClassifier(buildModel(madeFamily, name, { seed: 1 }), 10, { seed });
      const drawn = values(model).get(`${head}/kernel`)?.join();
      model.dispose();
      return drawn;
    };
    expect(kernel(1)).toBe(kernel(1));
    expect(new Set([kernel(1), kernel(2), kernel(), kernel()]).size).toBe(4);
  });

  test('is saved and loaded, and can be reset again', async () => {
    const first = resetClassifier(buildModel(madeFamily, name, { seed: 1 }), 3);
    const model = resetClassifier(first, 4, { seed: 5 });
    const loaded = await savedAndLoaded(model);
    const [a, b] = [model, loaded].map((each) =>
      tf.tidy(() => (each.predict(tf.ones([1, 32, 32, 3])) as tf.Tensor).dataSync()),
    );
    expect(b).toEqual(a);
    expect(a).toHaveLength(4);
    loaded.dispose();
    model.dispose();
  });
});

test('a head that was frozen is trained when it is fresh, and the features are still known', () => {
  const old = buildModel(madeFamily, 'made_cifar', { seed: 1 });
  const info = featureInfo(old);
  old.getLayer('fc').trainable = false;
  const model = resetClassifier(old, 3);
  expect(model.trainableWeights.map(({ originalName }) => originalName)).toContain('fc/kernel');
  expect(featureInfo(model)).toEqual(info);
  model.dispose();
});

test.each([[0], [2.5], ['3'], [undefined]])('%p classes are refused', (numClasses) => {
  const model = createModel('resnet_toy', { initialise: false });
  expect(() => resetClassifier(model, numClasses as number)).toThrow(
    'numClasses: expected a whole number of at least 1. Received: ',
  );
  expect(() => resetClassifier(model, 3, { seed: 0.5 })).toThrow('seed: expected a whole number');
  model.dispose();
});

test('a model without a head is refused, and stays as it is', () => {
  const model = buildModel(madeFamily, 'made_cifar', { features: true });
  expect(() => resetClassifier(model, 3)).toThrow("Received: 'made_cifar, with 3 outputs'.");
  const stage = tf.model({ inputs: model.inputs, outputs: model.outputs[1], name: 'stage' });
  expect(() => resetClassifier(stage, 3)).toThrow("Received: 'stage, which ends in layer2.0.add'.");
  expect((tf.tidy(() => model.predict(tf.zeros([1, 32, 32, 3]))) as tf.Tensor[]).length).toBe(3);
  model.dispose();
});

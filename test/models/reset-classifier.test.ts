import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';
import { createModel, featureInfo, resetClassifier } from '../../models';
import { buildModel } from '../../models/create-model';
import { useBackend } from '../../src/backends/use-backend-node';
import { loadKerasFile } from '../../src/import/keras-file-node';
import { KERAS_FOLDER } from '../support/keras-fixtures';
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

const layers = tf.layers;
const inputShape = [8, 8, 3];
const body = (): tf.layers.Layer =>
  layers.conv2d({ inputShape, filters: 4, kernelSize: 3, activation: 'relu' });
const pool = (): tf.layers.Layer => layers.globalAveragePooling2d({} as never);
const stacked = (...parts: tf.layers.Layer[]): tf.LayersModel =>
  tf.sequential({ name: 'stack', layers: parts });
const kerasGraph = (name: string) => () => loadKerasFile(join(KERAS_FOLDER, 'graphs', `${name}.keras`));

type Make = () => tf.LayersModel | Promise<tf.LayersModel>;

/** Models that end otherwise than in their head, and what is left out of them. */
const ENDINGS: [string, Make, string?][] = [
  [
    "a convolution, a reshape and a softmax, as Keras's MobileNet",
    () =>
      stacked(
        body(),
        pool(),
        layers.reshape({ targetShape: [1, 1, 4] }),
        layers.dropout({ rate: 0.1 }),
        layers.conv2d({ filters: 10, kernelSize: 1, name: 'head' }),
        layers.reshape({ targetShape: [10] }),
        layers.activation({ activation: 'softmax', name: 'predictions' }),
      ),
    'the softmax of predictions',
  ],
  [
    "a convolution, its ReLU, a pooling and a softmax, as Keras's SqueezeNet",
    () =>
      stacked(
        body(),
        layers.conv2d({ filters: 10, kernelSize: 1, activation: 'relu', name: 'head' }),
        pool(),
        layers.softmax({ name: 'probabilities' }),
      ),
    'the softmax of probabilities',
  ],
  [
    'a pooling and a reshape to an open length',
    () =>
      stacked(
        body(),
        layers.conv2d({ filters: 10, kernelSize: 1, name: 'head' }),
        layers.averagePooling2d({ poolSize: 6 }),
        layers.reshape({ targetShape: [-1] }),
      ),
  ],
  [
    'a reshape there and a flattening back',
    () =>
      stacked(
        body(),
        pool(),
        layers.dense({ units: 10, name: 'head' }),
        layers.reshape({ targetShape: [1, 10, 1] }),
        layers.flatten(),
      ),
  ],
  [
    'a softmax of its own',
    () => stacked(body(), pool(), layers.dense({ units: 10, activation: 'softmax', name: 'head' })),
    'the softmax of head',
  ],
  [
    'a ReLU that is called before too',
    () => {
      const [input, relu] = [tf.input({ shape: [6] }), layers.reLU({ name: 'relu' })];
      const hidden = relu.apply(layers.dense({ units: 5 }).apply(input));
      const outputs = relu.apply(layers.dense({ units: 10, name: 'head' }).apply(hidden));
      return tf.model({ inputs: input, outputs: outputs as tf.SymbolicTensor, name: 'twice' });
    },
  ],
  ['a network that Keras wrapped', kerasGraph('wrapped')],
  ['a sequential model within', kerasGraph('wrapped_sequential')],
  ['nothing but a model', kerasGraph('only_inner')],
  ['a model first, and a head', kerasGraph('first_inner')],
  ['models all the way', kerasGraph('first_inner_built')],
  ['models within models', kerasGraph('three_deep')],
  ['a softmax on a network of Keras', kerasGraph('extended'), 'the softmax of probabilities'],
];

const noise = (model: tf.LayersModel): tf.Tensor =>
  tf.randomUniform([2, ...(model.inputs[0].shape.slice(1) as number[])], -1, 1, 'float32', 3);
const predicted = (model: tf.LayersModel): number[] =>
  tf.tidy(() => [...(model.predict(noise(model)) as tf.Tensor).dataSync()]);

describe.each(ENDINGS)('%s', (_, make, dropped) => {
  test('gives way to other classes, whose logits are of the new head', async () => {
    const before = tf.memory().numTensors;
    const old = await make();
    const held = tf.memory().numTensors;
    const notices: string[] = [];
    const model = resetClassifier(old, 4, { seed: 1, onNotice: (text) => notices.push(text) });
    expect(tf.memory().numTensors).toBe(held);
    expect(model.outputs[0].shape).toEqual([null, 4]);
    const expected =
      dropped === undefined ? [] : [`${model.name} now puts out logits: ${dropped} was left out`];
    expect(notices).toEqual(expected);
    const first = predicted(model);
    expect(first).toHaveLength(8);
    // The new head is in the graph: with twice its weights there are other logits.
    tf.tidy(() =>
      model.trainableWeights.slice(-2).forEach((weight) => void weight.write(weight.read().mul(2).add(1))),
    );
    expect(predicted(model)).not.toEqual(first);
    const again = resetClassifier(model, 3);
    expect(predicted(again)).toHaveLength(6);
    again.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('computes what it did, with the weights that its head had', async () => {
    const old = await make();
    const expected = predicted(old);
    const classes = expected.length / 2;
    const arrays = old.weights.map((weight) => weight.read().clone());
    const model = resetClassifier(old, classes, { onNotice: () => undefined });
    model.weights.forEach((weight, i) => void weight.write(arrays[i]));
    const logits = predicted(model);
    const made =
      dropped === undefined
        ? logits
        : tf.tidy(() => [...tf.tensor(logits, [2, classes]).softmax().dataSync()]);
    made.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
    tf.dispose(arrays);
    model.dispose();
  });
});

test.each<[string, Make, string]>([
  [
    'a reshape into which other classes do not fit',
    () =>
      stacked(
        body(),
        pool(),
        layers.dense({ units: 10 }),
        layers.reshape({ targetShape: [5, 2], name: 'pairs' }),
      ),
    "Received: 'pairs, which makes [5, 2] of [10]'.",
  ],
  [
    'a batch norm after the head',
    () => stacked(body(), pool(), layers.dense({ units: 10 }), layers.batchNormalization({ name: 'norm' })),
    "Received: 'stack, which ends in norm'.",
  ],
  [
    'a head that is called twice',
    () => {
      const [input, head] = [tf.input({ shape: [4] }), layers.dense({ units: 4, name: 'head' })];
      const outputs = head.apply(head.apply(input)) as tf.SymbolicTensor;
      return tf.model({ inputs: input, outputs, name: 'twice' });
    },
    "Received: 'twice, which calls head 2 times'.",
  ],
  ['a network of Keras that is called twice', kerasGraph('shared_twice'), 'which ends in concat'],
])('%s is refused, and the model stays as it is', async (_, make, sentence) => {
  const model = await make();
  const inputs = model.inputs.map(() => noise(model));
  const run = (): number[] =>
    tf.tidy(() => [...(model.predict(inputs.length === 1 ? inputs[0] : inputs) as tf.Tensor).dataSync()]);
  const expected = run();
  const before = tf.memory().numTensors;
  expect(() => resetClassifier(model, 3)).toThrow(sentence);
  expect(tf.memory().numTensors).toBe(before);
  expect(run()).toEqual(expected);
  tf.dispose(inputs);
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

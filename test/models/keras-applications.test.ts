import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { createModel, listModels, type ModelName, type ModelOptions } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { TESTED_BACKENDS } from '../support/backends';
import { KERAS_FOLDER } from '../support/keras-fixtures';
import { savedAndLoaded } from '../support/saved-and-loaded';
import { uniform } from '../support/torch-fill';

interface Network {
  readonly model: ModelName;
  /** Of the images. */
  readonly side: number;
  /** Factor of the kernels' deviation. */
  readonly gain: number;
  /** How many arrays Keras's network has. */
  readonly weights: number;
  readonly elements: number;
  readonly logits: number[];
}

// Made by scripts/fixtures/keras_applications.py, which fills weights as is done here.
const { networks } = JSON.parse(readFileSync(join(KERAS_FOLDER, 'applications.json'), 'utf8')) as {
  networks: Network[];
};

const KERAS: ModelOptions = { padType: 'same', normEpsilon: 1e-3 };

beforeAll(() => useBackend(TESTED_BACKENDS[0]));

function filled(number: number, name: string, shape: readonly number[], gain: number): Float32Array {
  const product = (lengths: readonly number[]) => lengths.reduce((total, length) => total * length, 1);
  const values = uniform(String(number), product(shape));
  if (shape.length > 1)
    return values.map((value) => value * gain * Math.sqrt(6 / product(shape.slice(0, -1))));
  if (name.endsWith('gamma')) return values.map((value) => 1 + 0.25 * value);
  if (name.endsWith('moving_variance')) return values.map((value) => 0.25 + 0.125 * value);
  return values.map((value) => 0.1 * value);
}

/** The model with Keras's weights, which come in the order of the layers. */
function built(
  { model: name, side, gain, weights, elements }: Network,
  options: ModelOptions,
): tf.LayersModel {
  const inputShape: [number, number, number] = [side, side, 3];
  const model = createModel(name, { ...options, inputShape, numClasses: 5, initialise: false });
  const variables = model.layers.flatMap((layer) => layer.weights);
  expect([variables.length, model.countParams()]).toEqual([weights, elements]);
  variables.forEach((variable, number) => {
    const { shape, originalName } = variable as { shape: number[]; originalName: string };
    tf.tidy(() => void variable.write(tf.tensor(filled(number, originalName, shape, gain), shape)));
  });
  return model;
}

function difference(model: tf.LayersModel, { side, logits }: Network): number {
  return tf.tidy(() => {
    const images = tf.tensor(uniform('image', 2 * side * side * 3), [2, side, side, 3]);
    const received = (model.predict(images) as tf.Tensor).dataSync();
    const largest = Math.max(...logits.map(Math.abs));
    return Math.max(...logits.map((value, i) => Math.abs(value - received[i]))) / largest;
  });
}

test.each(networks)("$model at $side pixels puts out Keras's logits with its weights", (network) => {
  const model = built(network, KERAS);
  expect(difference(model, network)).toBeLessThan(1e-4);
  model.dispose();
});

test('the padding and the epsilon are saved and loaded', async () => {
  const model = built(networks[0], KERAS);
  const copy = await savedAndLoaded(model);
  expect(difference(copy, networks[0])).toBeLessThan(1e-4);
  model.dispose();
  copy.dispose();
});

test.each(networks.filter(({ model, side }) => model.startsWith('mobilenet') && side === 64))(
  '$model puts out others with the padding of PyTorch, and with its epsilon',
  (network) => {
    for (const options of [{ normEpsilon: 1e-3 }, { padType: 'same', normEpsilon: 1e-5 } as const]) {
      const model = built(network, options);
      expect(difference(model, network)).toBeGreaterThan(1e-3);
      model.dispose();
    }
  },
);

test('every model that takes the padding has strides that it changes, and figures that it does not', () => {
  for (const name of listModels('*_toy').filter((name) => /^mobilenet/.test(name))) {
    const [own, same] = [{}, { padType: 'same' } as const].map((options) =>
      createModel(name, { ...options, initialise: false }),
    );
    expect(same.countParams()).toBe(own.countParams());
    expect(same.layers.map(({ outputShape }) => outputShape)).toEqual(
      own.layers.map(({ outputShape }) => outputShape),
    );
    own.dispose();
    same.dispose();
  }
});

test.each<[ModelName, ModelOptions, string]>([
  [
    'resnet18',
    { padType: 'same' },
    'padType: expected none for resnet18, as ResNet has no such choice; these models have: ',
  ],
  ['mobilenet_toy', { padType: 'sane' as 'same' }, "(did you mean 'same'?)"],
  ['mobilenet_toy', { normEpsilon: 0 }, 'normEpsilon: expected a number above 0. Received: 0.'],
  [
    'squeezenet1_1',
    { normEpsilon: 1e-3 },
    'normEpsilon: expected none for squeezenet1_1, which has no batch norm.',
  ],
])('%s refuses %j', (name, options, sentence) => {
  const before = tf.memory().numTensors;
  expect(() => createModel(name, { ...options, initialise: false })).toThrow(sentence);
  expect(tf.memory().numTensors).toBe(before);
});

import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';
import { unzipSync, zipSync } from 'fflate';

import { useBackend } from '../../src/backends/use-backend-node';
import { loadLayersModel } from '../../src/export/load-layers-model-node';
import { saveLayersModel } from '../../src/export/save-layers-model-node';
import { enableKerasGroups } from '../../src/import/enable-keras-groups';
import { loadKerasModel } from '../../src/import/keras-file';
import { loadKerasFile } from '../../src/import/keras-file-node';
import { TESTED_BACKENDS } from '../support/backends';
import { KERAS_FOLDER } from '../support/keras-fixtures';
import { uniform } from '../support/torch-fill';

// Made by scripts/fixtures/keras_graphs.py.
const FOLDER = join(KERAS_FOLDER, 'graphs');

interface Facts {
  readonly inputs: readonly number[][];
  readonly outputs: readonly { readonly shape: number[]; readonly values: number[] }[];
}

const { graphs } = JSON.parse(readFileSync(join(FOLDER, 'graphs.json'), 'utf8')) as {
  graphs: Record<string, Facts>;
};
const graphFile = (name: string): string => join(FOLDER, `${name}.keras`);

function inputsOf(name: string): tf.Tensor[] {
  return graphs[name].inputs.map((shape, i) => {
    const count = shape.reduce((product, length) => product * length, 1);
    return tf.tensor(uniform(`${name} ${i}`, count), shape);
  });
}

/** The largest difference of a model's predictions from Keras's, by the largest of each output. */
function differenceOf(model: tf.LayersModel, name: string): number {
  return tf.tidy(() => {
    const inputs = inputsOf(name);
    const outputs = [model.predict(inputs.length === 1 ? inputs[0] : inputs)].flat();
    const expected = graphs[name].outputs;
    expect(outputs.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
    const differences = outputs.map((output, i) => {
      const { values } = expected[i];
      const largest = Math.max(...values.map(Math.abs));
      return Math.max(...[...output.dataSync()].map((value, j) => Math.abs(value - values[j]))) / largest;
    });
    return Math.max(...differences);
  });
}

let folder: string;

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
  folder = await mkdtemp(join(tmpdir(), 'cardinal-keras-graphs-'));
});

afterAll(() => rm(folder, { recursive: true }));

test.each(Object.keys(graphs))(
  '%s.keras predicts what Keras predicts, saved and loaded too',
  async (name) => {
    const before = tf.memory().numTensors;
    const model = await loadKerasFile(graphFile(name));
    expect(differenceOf(model, name)).toBeLessThan(1e-5);
    // Which compares the copy with the model, bit by bit.
    await saveLayersModel(model, join(folder, name));
    model.dispose();
    const copy = await loadLayersModel(join(folder, name));
    expect(differenceOf(copy, name)).toBeLessThan(1e-5);
    copy.dispose();
    expect(tf.memory().numTensors).toBe(before);
  },
);

test('layers of inner models keep their names, and are saved under distinct ones', async () => {
  const model = await loadKerasFile(graphFile('equal_names_across'));
  expect((model.getLayer('net') as tf.LayersModel).getLayer('conv').name).toBe('conv');
  await saveLayersModel(model, join(folder, 'distinct'));
  const copy = await loadLayersModel(join(folder, 'distinct'));
  expect(copy.getLayer('conv').countParams()).toBe(model.getLayer('conv').countParams());
  expect((copy.getLayer('net') as tf.LayersModel).layers.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['net_conv', 'net_fc']),
  );
  model.dispose();
  copy.dispose();
});

test('a name that tfjs does not take is changed, and weights are still found by it', async () => {
  const model = await loadKerasFile(graphFile('slashes'));
  expect(model.layers.map(({ name }) => name)).toEqual(['image', 'stage1.block-2_conv_3', 'flat_0']);
  model.dispose();
});

describe('by tf.loadLayersModel', () => {
  beforeAll(enableKerasGroups);

  // Names that tfjs does not take cannot be changed there: weights are loaded by them.
  test.each(Object.keys(graphs).filter((name) => name !== 'slashes'))(
    '%s has the outputs of Keras',
    async (name) => {
      const modelTopology = JSON.parse(configOf(name)) as object;
      const model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology }));
      const inputs = inputsOf(name);
      const outputs = tf.tidy(() => [model.predict(inputs.length === 1 ? inputs[0] : inputs)].flat());
      expect(outputs.map(({ shape }) => shape)).toEqual(graphs[name].outputs.map(({ shape }) => shape));
    },
  );
});

function configOf(name: string): string {
  return Buffer.from(unzipSync(readFileSync(graphFile(name)))['config.json']).toString();
}

describe('a graph that cannot be loaded is refused by its layer', () => {
  const edited = (name: string, edit: (config: string) => string): Uint8Array => {
    const files = unzipSync(readFileSync(graphFile(name)));
    const config = edit(Buffer.from(files['config.json']).toString());
    expect(config).not.toBe(Buffer.from(files['config.json']).toString());
    return zipSync({ ...files, 'config.json': new Uint8Array(Buffer.from(config)) });
  };

  test.each<[string, string, (config: string) => string, RegExp]>([
    [
      'an operation without a layer',
      'preprocess_input',
      (config) => config.replace('"class_name": "Subtract"', '"class_name": "Hypot"'),
      /layer subtract\w* \(Hypot\): this operation is not among those that are loaded: Add, /,
    ],
    [
      'a constant by itself',
      'operations',
      (config) => config.replace('"class_name": "Multiply"', '"class_name": "Maximum"'),
      /layer multiply\w* \(Maximum\): expected two tensors\. Received: 2, a tensor/,
    ],
    [
      'dropout in prediction',
      'in_evaluation',
      (config) => config.replaceAll('"training": false', '"training": true'),
      /layer net \(Functional\): a call has training=True, which tfjs cannot keep in prediction/,
    ],
    [
      'a layer of an inner model',
      'three_deep',
      (config) => config.replace('"class_name": "ReLU"', '"class_name": "Lambda"'),
      /layer outer \(Sequential\): layer middle \(Functional\): layer inner \(Sequential\): layer act \(Lambda\): its class/,
    ],
    [
      'a call that is not there',
      'shared_twice',
      (config) => config.replace('"keras_history": ["shared", 1, 0]', '"keras_history": ["shared", 7, 0]'),
      /layers read what is never there: concat reads call 7 of shared/,
    ],
    [
      'a layer that waits for itself',
      'equal_names_across',
      (config) => config.replace('"keras_history": ["input", 0, 0]', '"keras_history": ["fc", 0, 0]'),
      /layers read what is never there: conv reads call 0 of fc, /,
    ],
    [
      'an output that is not there',
      'wrapped',
      (config) => config.replace(/"output_layers": \["net", 1, 0\]/, '"output_layers": ["net", 4, 0]'),
      /the model puts out call 3 of net, which has 1/,
    ],
    [
      'a tensor that is not there',
      'several_inner',
      (config) => config.replace('"keras_history": ["pair", 0, 1]', '"keras_history": ["pair", 0, 2]'),
      /layer flat \(Flatten\): output 2 of pair is read, which has 2/,
    ],
    [
      'a mask',
      'masked',
      (config) =>
        config.replace(/"mask": null/, () => {
          const tensor = '"class_name": "__keras_tensor__", "config": {"keras_history": ["steps", 0, 0]}';
          return `"mask": {${tensor}}`;
        }),
      /layer inner \(Sequential\): a call has the option mask, which is not known/,
    ],
  ])('%s', async (_, name, edit, message) => {
    const before = tf.memory().numTensors;
    const bytes = edited(name, edit);
    await expect(loadKerasModel(bytes)).rejects.toThrow(message);
    await expect(loadKerasModel(bytes)).rejects.toMatchObject({ name: 'CardinalError' });
    expect(tf.memory().numTensors).toBe(before);
  });
});

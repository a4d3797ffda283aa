import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';
import { unzipSync, zipSync } from 'fflate';

import { loadLayersModel } from '../../src/export/load-layers-model-node';
import { saveLayersModel } from '../../src/export/save-layers-model-node';
import { GraphRunner } from '../../src/graph/graph-runner';
import { lowerModel } from '../../src/graph/lower-model';
import { GroupedConv2D } from '../../src/layers/grouped-conv2d';
import { enableKerasGroups } from '../../src/import/enable-keras-groups';
import { loadKerasModel } from '../../src/import/keras-file';
import { loadKerasFile } from '../../src/import/keras-file-node';
import { tfjsConfig } from '../../src/import/keras-model';
import { useBackend } from '../../src/backends/use-backend-node';
import { describeOnBackends, TESTED_BACKENDS } from '../support/backends';
import { differenceFromKeras, KERAS_FOLDER } from '../support/keras-fixtures';

const kerasFile = (name: string): string => join(KERAS_FOLDER, `${name}.keras`);

describe('before enableKerasGroups', () => {
  test('plain tfjs does not load a convolution with groups, which the fixture therefore has', async () => {
    await useBackend(TESTED_BACKENDS[0]);
    // Keras 2's form: tfjs takes the layers, and the weights do not fit.
    await expect(loadLayersModel(join(KERAS_FOLDER, 'grouped_keras2'))).rejects.toThrow(
      /could not be loaded/,
    );
  });
});

describeOnBackends('Keras models', () => {
  beforeAll(enableKerasGroups);

  test.each([
    ['grouped', 'grouped'],
    ['grouped_keras2', 'grouped'],
    ['separable', 'separable'],
    ['separable_keras2', 'separable'],
  ])('the model.json of %s predicts what Keras predicts', async (folder, name) => {
    const model = await loadLayersModel(join(KERAS_FOLDER, folder));
    expect(await differenceFromKeras(model, name)).toBeLessThan(1e-5);
    model.dispose();
  });

  test.each(['grouped', 'separable', 'zoo', 'nested'])(
    '%s.keras predicts what Keras predicts',
    async (name) => {
      const model = await loadKerasFile(kerasFile(name));
      expect(await differenceFromKeras(model, name)).toBeLessThan(1e-5);
      model.dispose();
    },
  );
});

describe('a model from Keras', () => {
  let folder: string;

  beforeAll(async () => {
    await useBackend(TESTED_BACKENDS[0]);
    folder = await mkdtemp(join(tmpdir(), 'cardinal-keras-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  test.each(['grouped', 'nested', 'zoo'])(
    '%s.keras without names beside its weights, as the first Keras 3 wrote',
    async (name) => {
      const files = unzipSync(new Uint8Array(await readFile(kerasFile(name))));
      const weights = Buffer.from(files['model.weights.h5']).toString('latin1');
      const nameless = weights.replaceAll('name\0', 'mane\0');
      expect(nameless).not.toBe(weights);
      const bytes = zipSync({
        ...files,
        'model.weights.h5': new Uint8Array(Buffer.from(nameless, 'latin1')),
      });
      const model = await loadKerasModel(bytes);
      expect(await differenceFromKeras(model, name)).toBeLessThan(1e-5);
      model.dispose();
    },
  );

  test('keeps the names of its layers, and its groups as GroupedConv2D', async () => {
    const model = await loadKerasFile(kerasFile('grouped'));
    const names = 'image conv_1 conv_2_a norm_2 conv_3 add_1 pool fc_out'.split(' ');
    expect(model.name).toBe('grouped_net');
    expect(model.layers.map(({ name }) => name).sort()).toEqual(names.sort());
    const groups = ['conv_1', 'conv_2_a', 'conv_3'].map(
      (name) => (model.getLayer(name) as GroupedConv2D).groups,
    );
    expect(groups).toEqual([2, 4, 12]);
    model.dispose();
  });

  test('saves and loads again, with what only Keras 3 has', async () => {
    const model = await loadKerasFile(kerasFile('zoo'));
    await saveLayersModel(model, join(folder, 'zoo'));
    const copy = await loadLayersModel(join(folder, 'zoo'));
    expect(await differenceFromKeras(copy, 'zoo')).toBeLessThan(1e-5);
    model.dispose();
    copy.dispose();
  });

  test('trains', async () => {
    const model = await loadKerasFile(kerasFile('grouped'));
    const images = tf.randomNormal([4, 8, 8, 4], 0, 1, 'float32', 1);
    const before = model.getLayer('conv_2_a').getWeights()[0].dataSync().slice();
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const [first, second] = [
      await model.trainOnBatch(images, tf.ones([4, 3])),
      await model.trainOnBatch(images, tf.ones([4, 3])),
    ];
    expect(second as number).toBeLessThan(first as number);
    expect([...model.getLayer('conv_2_a').getWeights()[0].dataSync()]).not.toEqual([...before]);
    tf.dispose(images);
    model.dispose();
  });

  test('is lowered to a graph, the activations that only Keras 3 has included', async () => {
    const model = await loadKerasFile(kerasFile('zoo'));
    // As far as the shuffle, whose transposition no graph has.
    const front = tf.model({ inputs: model.inputs, outputs: model.getLayer('concat').output });
    const images = tf.randomNormal([2, 16, 16, 3], 0, 1, 'float32', 1);
    const runner = new GraphRunner(lowerModel(front));
    const [expected, received] = [front.predict(images) as tf.Tensor, runner.run([images])[0]];
    const apart = tf.tidy(() => tf.max(tf.abs(tf.sub(expected, received))).dataSync()[0]);
    expect(apart).toBeLessThan(1e-5);
    runner.dispose();
    tf.dispose([images, expected, received]);
    model.dispose();
  });

  test('loading leaves no tensor behind, a failed one included', async () => {
    const load = async (name: string): Promise<void> =>
      (await loadKerasFile(kerasFile(name))).dispose() as never;
    await load('zoo');
    const before = tf.memory().numTensors;
    await load('zoo');
    await load('separable');
    await load('nested');
    await expect(loadKerasModel(await mixed('grouped', 'separable'))).rejects.toThrow();
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** A file with the config of one model and the weights of another. */
async function mixed(config: string, weights: string): Promise<Uint8Array> {
  const [one, other] = await Promise.all([config, weights].map((name) => readFile(kerasFile(name))));
  const files = unzipSync(new Uint8Array(one));
  return zipSync({ ...files, 'model.weights.h5': unzipSync(new Uint8Array(other))['model.weights.h5'] });
}

describe('a file that cannot be loaded', () => {
  type Edit = (config: string, files: Record<string, Uint8Array>) => string | Uint8Array;
  const edited = async (edit: Edit): Promise<Uint8Array> => {
    const files = unzipSync(new Uint8Array(await readFile(kerasFile('grouped'))));
    const result = edit(Buffer.from(files['config.json']).toString(), files);
    if (typeof result !== 'string') return result;
    return zipSync({ ...files, 'config.json': new Uint8Array(Buffer.from(result)) }, { level: 0 });
  };

  beforeAll(() => useBackend(TESTED_BACKENDS[0]));

  test.each<[string, Edit, RegExp]>([
    ['no zip', () => new Uint8Array(100), /it is no \.keras file, which is a zip, or damaged/],
    [
      'no weights',
      (_, files) => zipSync({ 'config.json': files['config.json'] }),
      /it has no model\.weights\.h5/,
    ],
    [
      'weights that are no HDF5',
      (_, files) => zipSync({ ...files, 'model.weights.h5': new Uint8Array(1000) }),
      /model\.weights\.h5: it is no HDF5 file, or damaged/,
    ],
    [
      'weights cut short',
      (_, files) => zipSync({ ...files, 'model.weights.h5': files['model.weights.h5'].slice(0, 5000) }),
      /model\.weights\.h5: it is no HDF5 file, or damaged/,
    ],
    ['half a config', (config) => config.slice(0, 500), /config\.json is not valid JSON/],
    [
      'a config of something else',
      () => '{"class_name": "Adam", "config": {}}',
      /expected a model.* Received: Adam/,
    ],
    [
      'code',
      (config) => config.replace('"class_name": "Add"', '"class_name": "Lambda"'),
      /layer add_1 \(Lambda\): its class is not among those that are loaded/,
    ],
    [
      'an option that changes what is computed',
      (config) => config.replace('"renorm": false', '"renorm": true'),
      /layer norm_2 \(BatchNormalization\): renorm: expected an option that is known\. Received: true/,
    ],
    [
      'an activation that tfjs has not',
      (config) => config.replace('"activation": "relu"', '"activation": "celu"'),
      /layer conv_1 \(Conv2D\): activation: expected one of elu, .* Received: "celu"/,
    ],
    [
      'an input that is not there',
      (config) => config.replace('"keras_history": ["conv_1", 0, 0]', '"keras_history": ["conv_9", 0, 0]'),
      /no layer is called "conv_9"/,
    ],
    [
      'a call with another argument than tensors',
      (config) => config.replace(/"inbound_nodes": \[\{"args": \[/, '"inbound_nodes": [{"args": [7, '),
      /a call has an argument that is no tensor: 7/,
    ],
    [
      'more filters than weights',
      (config) => config.replace('"filters": 8', '"filters": 16'),
      /conv_1\/kernel: expected \[3, 3, 2, 16\]\. Received: \[3, 3, 2, 8\]/,
    ],
  ])('%s', async (_, edit, message) => {
    const bytes = await edited(edit);
    await expect(loadKerasModel(bytes)).rejects.toThrow(message);
    await expect(loadKerasModel(bytes)).rejects.toMatchObject({ name: 'CardinalError' });
  });

  test('weights of another model', async () => {
    await expect(loadKerasModel(await mixed('grouped', 'separable'))).rejects.toThrow(/model\.weights\.h5: /);
  });

  test('a size that cannot be is refused before it is allocated', async () => {
    const bytes = new Uint8Array(await readFile(kerasFile('grouped')));
    const view = new DataView(bytes.buffer);
    // Where the central directory tells the inflated size of config.json: 2 GB.
    for (let at = 0; at < bytes.length - 46; at++) {
      if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 2 ** 31, true);
    }
    await expect(loadKerasModel(bytes)).rejects.toThrow(/cannot have 2147483648 bytes/);
  });

  test('the file is named', async () => {
    const file = join(tmpdir(), `cardinal-${process.pid}.keras`);
    await writeFile(file, 'no zip');
    await expect(loadKerasFile(file)).rejects.toThrow(`${file}: it is no .keras file`);
    await rm(file);
    await expect(loadKerasFile(file)).rejects.toThrow(`${file}: no such file`);
  });
});

describe('enableKerasGroups', () => {
  const image = {
    class_name: 'InputLayer',
    config: { batch_shape: [null, 4, 4, 2], name: 'image' },
    module: 'keras.layers',
    registered_name: null,
    name: 'image',
    inbound_nodes: [],
  };
  const tensor = (name: string) => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, 4, 4, 2], keras_history: [name, 0, 0] },
  });
  const relu = (name: string, input: string) => ({
    module: 'keras.layers',
    registered_name: null,
    class_name: 'ReLU',
    name,
    config: { name, max_value: null, negative_slope: 0, threshold: 0 },
    inbound_nodes: [{ args: [tensor(input)], kwargs: {} }],
  });
  const twins = {
    class_name: 'Functional',
    config: {
      name: 'twins',
      layers: [image, relu('a_1', 'image'), relu('a1', 'image'), { ...relu('b', 'a_1') }],
      input_layers: [['image', 0, 0]],
      output_layers: ['b', 0, 0],
    },
  };

  beforeAll(enableKerasGroups);

  test('refuses names that tfjs makes alike, and loadKerasModel does not', async () => {
    const load = tf.loadLayersModel(
      tf.io.fromMemory({ modelTopology: twins as never, weightSpecs: [], weightData: new ArrayBuffer(0) }),
    );
    await expect(load).rejects.toThrow(/a_1 and a1 cannot be told apart by tf\.loadLayersModel/);
    const model = await tf.models.modelFromJSON(tfjsConfig(twins as never) as never);
    expect(model.getLayer('b').inboundNodes[0].inboundLayers[0].name).toBe('a_1');
    model.dispose();
  });

  test('twice is as once, and models of tfjs load as before', async () => {
    enableKerasGroups();
    const { classNameMap } = tf.serialization.SerializationMap.getMap();
    const hooked = classNameMap.Sequential[1];
    enableKerasGroups();
    expect(classNameMap.Sequential[1]).toBe(hooked);
    const plain = tf.sequential({
      layers: [tf.layers.reLU({ maxValue: 3, inputShape: [4] }), tf.layers.dense({ units: 2, name: 'fc_1' })],
    });
    const saved: tf.io.ModelArtifacts[] = [];
    await plain.save(
      tf.io.withSaveHandler((artifacts) => {
        saved.push(artifacts);
        return Promise.resolve({ modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) });
      }),
    );
    const copy = await tf.loadLayersModel(tf.io.fromMemory(saved[0]));
    expect(copy.toJSON(null, false)).toEqual(plain.toJSON(null, false));
    plain.dispose();
    copy.dispose();
  });
});

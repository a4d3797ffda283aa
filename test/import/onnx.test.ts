import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { modelInfo } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { toOnnx } from '../../src/export/onnx';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import { lowerModel } from '../../src/graph/lower-model';
import { importOnnx } from '../../src/import/onnx';
import { importOnnxFile } from '../../src/import/onnx-node';
import { torchTensors } from '../../src/import/torch-weights';
import { weightVariables } from '../../src/train/weights';
import { TESTED_BACKENDS } from '../support/backends';
import { relativeError } from '../support/grouped-conv2d-oracle';
import { chain, SMALL_IMAGE } from '../support/small-models';
import { torchFill, torchFillImages } from '../support/torch-fill';
import { drawWeights, sampleImages, sampleModel, zooSamples } from '../support/zoo-samples';

const { layers } = tf;

/** What scripts/fixtures/torch_onnx.py wrote of a model. */
interface Fixture {
  readonly size: number;
  readonly logits: readonly (readonly number[])[];
  /** The names in PyTorch's `state_dict`. */
  readonly state: readonly string[];
}

const FOLDER = join(__dirname, '..', 'fixtures', 'onnx');
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.onnx'));

const fixtureOf = (file: string): Fixture =>
  JSON.parse(readFileSync(join(FOLDER, file.replace(/\..*/, '.json')), 'utf8')) as Fixture;

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

/** Two images, `[2, size, size, 3]`. */
function images({ size }: Fixture): tf.Tensor4D {
  return tf.tensor4d(torchFillImages(2, size), [2, size, size, 3]);
}

function logitsError(model: tf.LayersModel, fixture: Fixture): number {
  return tf.tidy(() =>
    relativeError((model.predict(images(fixture)) as tf.Tensor).dataSync(), fixture.logits.flat()),
  );
}

const count = (model: tf.LayersModel, className: string): number =>
  model.layers.filter((layer) => layer.getClassName() === className).length;

test('there are files of five families, each by both exporters with batch norm folded and not', () => {
  expect(files).toHaveLength(20);
});

describe.each(files)('%s', (file) => {
  const fixture = fixtureOf(file);
  const isUnfolded = file.includes('unfolded');
  let model: tf.LayersModel;

  beforeAll(async () => {
    model = await importOnnxFile(join(FOLDER, file));
  });
  afterAll(() => void model.dispose());

  test('has the logits that PyTorch computes', () => {
    expect(logitsError(model, fixture)).toBeLessThan(1e-5);
  });

  test('has its layers, with the names of the PyTorch modules', () => {
    const names = [...torchTensors(model).keys()].filter((name) => !name.endsWith('num_batches_tracked'));
    if (isUnfolded) {
      expect(names.sort()).toEqual(fixture.state);
      expect(count(model, 'BatchNormalization')).toBeGreaterThan(5);
    } else {
      expect(count(model, 'BatchNormalization')).toBe(0);
      const kernels = fixture.state.filter((name) => name.endsWith('.weight'));
      expect(kernels).toEqual(expect.arrayContaining(names.filter((name) => name.endsWith('.weight'))));
    }
    const isShuffled = file.startsWith('shufflenet');
    expect(count(model, 'ChannelShuffle')).toBe(isShuffled ? 5 : 0);
    expect(count(model, 'ChannelSlice')).toBe(isShuffled ? 4 : 0);
    expect(count(model, 'Permute') + count(model, 'Reshape')).toBe(file.startsWith('regnet_y') ? 3 : 0);
  });

  test('is saved and loaded like any other model', async () => {
    let saved: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved as tf.io.ModelArtifacts));
    expect(logitsError(loaded, fixture)).toBeLessThan(1e-5);
    loaded.dispose();
  });

  test('a training step moves every trainable weight', async () => {
    const before = new Map(
      [...weightVariables(model)].map(([name, variable]) => [name, variable.dataSync().slice()]),
    );
    model.compile({ optimizer: tf.train.sgd(0.05), loss: (y, p) => tf.losses.softmaxCrossEntropy(y, p) });
    const [x, y] = [images(fixture), tf.oneHot(tf.tensor1d([1, 3], 'int32'), 5)];
    await model.trainOnBatch(x, y);
    tf.dispose([x, y]);
    expect(before.size).toBeGreaterThan(10);
    const still = [...weightVariables(model)]
      .filter(([name, variable]) =>
        variable.dataSync().every((value, at) => value === before.get(name)?.[at]),
      )
      .map(([name]) => name);
    // The next batch norm takes off what these add to all pixels of a channel alike.
    const withoutGradient = /(branch1\.1|branch2\.4|features\.1\.conv\.2|features\.2\.conv\.3)\/beta/;
    expect(still.filter((name) => !withoutGradient.test(name))).toEqual([]);
    expect(logitsError(model, fixture)).toBeGreaterThan(1e-3);
  });
});

test('weights of a file that was not folded are those of the modules they are named by', async () => {
  const model = await importOnnxFile(join(FOLDER, 'regnet_x.dynamo-unfolded.onnx'));
  for (const [name, { shape, data }] of torchTensors(model)) {
    if (name.endsWith('num_batches_tracked')) continue;
    expect(relativeError(data as Float32Array, torchFill(name, shape, { gain: 1 }))).toBeLessThan(1e-6);
  }
  model.dispose();
});

test('loading and disposing leaves no tensor behind', async () => {
  const load = async () => (await importOnnxFile(join(FOLDER, 'shufflenet_v2.legacy.onnx'))).dispose();
  await load();
  const before = tf.memory().numTensors;
  await load();
  expect(tf.memory().numTensors).toBe(before);
});

describe('what this package exports comes back', () => {
  test.each<[string, string, () => tf.LayersModel]>([
    [
      'crops',
      'Cropping2D GroupedConv2D Cropping2D',
      () =>
        chain(
          layers.cropping2D({ cropping: [[1, 0], [0, 2]] }), // prettier-ignore
          layers.conv2d({ filters: 6, kernelSize: 3 }),
          layers.cropping2D({ cropping: [0, 1] }),
          layers.cropping2D({ cropping: 0 }),
        ),
    ],
    [
      'crops of what is there with its channels last',
      'LayerNormalization Cropping2D',
      () => chain(layers.layerNormalization(), layers.cropping2D({ cropping: [[0, 1], [2, 0]] })), // prettier-ignore
    ],
    ['other orders of axes', 'Permute', () => chain(layers.permute({ dims: [3, 1, 2] }))],
    [
      'other orders around a convolution',
      'Permute GroupedConv2D Permute',
      () =>
        chain(
          layers.permute({ dims: [2, 3, 1] }),
          layers.conv2d({ filters: 6, kernelSize: 3 }),
          layers.permute({ dims: [2, 1, 3] }),
        ),
    ],
    // Cutting comes first, which is less to move.
    [
      'a crop in another order',
      'Cropping2D Permute Reshape Dense',
      () =>
        chain(
          layers.permute({ dims: [2, 1, 3] }),
          layers.cropping2D({ cropping: [[2, 1], [0, 3]] }), // prettier-ignore
          layers.flatten(),
          layers.dense({ units: 3 }),
        ),
    ],
    [
      'a crop of channels that are height',
      'ChannelSlice Permute',
      () =>
        chain(layers.permute({ dims: [3, 1, 2] }), layers.cropping2D({ cropping: [[2, 3], [0, 0]] })), // prettier-ignore
    ],
  ])('%s', async (_, expectedLayers, make) => {
    const model = make();
    drawWeights(model);
    const x = tf.randomNormal([3, ...SMALL_IMAGE], 0, 1, 'float32', 9);
    const expected = model.predict(x) as tf.Tensor;
    for (const layout of ['nchw', 'nhwc'] as const) {
      const imported = importOnnx(toOnnx(lowerModel(model), { layout }));
      const classes = imported.layers.slice(1).map((layer) => layer.getClassName());
      expect(classes.join(' ')).toBe(expectedLayers);
      const made = imported.predict(x) as tf.Tensor;
      expect(made.shape).toEqual(expected.shape);
      expect(relativeError(made.dataSync(), expected.dataSync())).toBeLessThan(1e-6);
      imported.dispose();
      made.dispose();
    }
    tf.dispose([x, expected]);
    model.dispose();
  });

  // The larger ones have no other operators than these; ConvNeXt's are in onnx-operators.test.ts.
  const small = zooSamples().filter(([, name]) => modelInfo(name).params.total < 8.2e6);

  test.each(small)('%s: %s', (_, name) => {
    const model = sampleModel(name);
    const graph = lowerModel(model);
    const x = sampleImages(model, 2);
    const expected = model.predict(x) as tf.Tensor;
    for (const [variant, layout] of [
      [graph, 'nchw'],
      [foldBatchNorm(graph), 'nhwc'],
    ] as const) {
      const imported = importOnnx(toOnnx(variant, { layout }));
      const made = imported.predict(x) as tf.Tensor;
      expect(made.shape).toEqual(expected.shape);
      expect(relativeError(made.dataSync(), expected.dataSync())).toBeLessThan(1e-4);
      imported.dispose();
      made.dispose();
    }
    tf.dispose([x, expected]);
    model.dispose();
  });
});

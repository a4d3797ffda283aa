import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { freeze, unfreeze } from '../../models';
import { accelerate, restore } from '../../src/backends/accelerate';
import { loadLayersModel } from '../../src/export/load-layers-model-node';
import { saveLayersModel } from '../../src/export/save-layers-model-node';
import { inspectModel } from '../../src/inspect/inspect-model';
import { batchNormalization } from '../../src/layers/batch-normalization';
import { depthwiseSeparableConv2D } from '../../src/layers/depthwise-separable-conv2d';
import { train } from '../../src/train/train';
import { describeOnBackends } from '../support/backends';
import { relativeError } from '../support/grouped-conv2d-oracle';
import { KERAS_FOLDER } from '../support/keras-fixtures';
import { savedAndLoaded } from '../support/saved-and-loaded';
import { smallDataset } from '../train/small-problem';

interface LayerFacts {
  readonly shape: number[];
  readonly options: { axis: number; center: boolean; scale: boolean; epsilon: number };
  readonly weights: number[][];
  readonly x: number[];
  readonly dy: number[];
  readonly y: number[];
  readonly dx: number[];
}
type Weights = Readonly<Record<string, number[]>>;
interface Facts {
  readonly layers: LayerFacts[];
  readonly network: { images: number[]; targets: number[]; before: Weights; after: Weights };
}
/** Of scripts/fixtures/keras_frozen_norm.py. */
const KERAS = JSON.parse(readFileSync(join(KERAS_FOLDER, 'frozen-norm.json'), 'utf8')) as Facts;

type MakeNorm = typeof batchNormalization;
const NORMS: Readonly<Record<string, MakeNorm>> = {
  ours: batchNormalization,
  stock: (options) => tf.layers.batchNormalization(options),
};

afterEach(restore);

const statistics = (layer: tf.layers.Layer): number[] =>
  layer.weights
    .filter(({ originalName }) => /moving/.test(originalName))
    .flatMap((weight) => [...weight.read().dataSync()]);

const apply = (layer: tf.layers.Layer, x: tf.SymbolicTensor) => layer.apply(x) as tf.SymbolicTensor;

/** The layers of the network of the fixture, up to the first activation. */
function body(norm: MakeNorm, trainable: boolean): tf.layers.Layer[] {
  return [
    tf.layers.conv2d({ filters: 3, kernelSize: 3, name: 'conv1', trainable }),
    norm({ momentum: 0.8, name: 'bn1', trainable }),
    tf.layers.reLU({ name: 'relu1' }),
  ];
}

/** The rest of it. The second norm has no `scale`, with which a stock layer does not train. */
function head(x: tf.SymbolicTensor): tf.SymbolicTensor {
  return [
    tf.layers.conv2d({ filters: 4, kernelSize: 3, name: 'conv2' }),
    batchNormalization({ momentum: 0.8, scale: false, name: 'bn2' }),
    tf.layers.globalAveragePooling2d({ name: 'pool' } as never),
    tf.layers.dense({ units: 2, name: 'fc' }),
  ].reduce((y, layer) => apply(layer, y), x);
}

function network(norm: MakeNorm, trainable = true): tf.LayersModel {
  const input = tf.input({ shape: [6, 6, 2] });
  const middle = body(norm, trainable).reduce((x, layer) => apply(layer, x), input);
  return filled(tf.model({ inputs: input, outputs: head(middle) }));
}

function nested(base: tf.LayersModel): tf.LayersModel {
  const input = tf.input({ shape: [6, 6, 2] });
  return filled(tf.model({ inputs: input, outputs: head(apply(base, input)) }));
}

function base(norm: MakeNorm): tf.LayersModel {
  const input = tf.input({ shape: [6, 6, 2] });
  return tf.model({ inputs: input, outputs: body(norm, true).reduce((x, layer) => apply(layer, x), input) });
}

/** Each way to have `conv1` and `bn1` frozen and the rest not. */
const WAYS: Readonly<Record<string, (norm: MakeNorm) => Promise<tf.LayersModel> | tf.LayersModel>> = {
  'by their option': (norm) => network(norm, false),
  'by their property': (norm) => {
    const model = network(norm);
    for (const name of ['conv1', 'bn1']) model.getLayer(name).trainable = false;
    return model;
  },
  'by freeze': (norm) => {
    const model = network(norm);
    freeze(model, 'bn1');
    return model;
  },
  'with the model that they are in': (norm) => {
    const inner = base(norm);
    inner.trainable = false;
    return nested(inner);
  },
  'with the sequential model that they are in, afterwards': (norm) => {
    const layers = [tf.layers.inputLayer({ inputShape: [6, 6, 2] }), ...body(norm, true)];
    const inner = tf.sequential({ layers });
    const model = nested(inner);
    inner.trainable = false;
    return model;
  },
  'with the model that another is made from': (norm) => {
    const inner = base(norm);
    inner.trainable = false;
    return filled(tf.model({ inputs: inner.inputs, outputs: head(inner.outputs[0]) }));
  },
  'and saved, and loaded': async (norm) => {
    const folder = await mkdtemp(join(tmpdir(), 'cardinal-frozen-'));
    try {
      await saveLayersModel(network(norm, false), join(folder, 'model'));
      return await loadLayersModel(join(folder, 'model'));
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

function weightsByName(model: tf.LayersModel): [name: string, weight: tf.LayerVariable][] {
  return model.weights.map((weight) => [weight.originalName.split('/').slice(-2).join('/'), weight]);
}

function filled(model: tf.LayersModel): tf.LayersModel {
  tf.tidy(() => {
    for (const [name, weight] of weightsByName(model)) {
      weight.write(tf.tensor(KERAS.network.before[name], weight.shape as number[]));
    }
  });
  return model;
}

function compiled(model: tf.LayersModel): tf.LayersModel {
  model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
  return model;
}

const batch = () =>
  [tf.tensor(KERAS.network.images, [5, 6, 6, 2]), tf.tensor(KERAS.network.targets, [5, 2])] as const;

async function step(model: tf.LayersModel): Promise<void> {
  const [images, targets] = batch();
  await compiled(model).trainOnBatch(images, targets);
  tf.dispose([images, targets]);
}

/** Three steps by `model.fit`, then every weight against Keras's. */
async function expectKerasSteps(model: tf.LayersModel): Promise<void> {
  const [images, targets] = batch();
  await compiled(model).fit(images, targets, { epochs: 3, batchSize: 5, shuffle: false, verbose: 0 });
  tf.dispose([images, targets]);
  for (const [name, weight] of weightsByName(model)) {
    const values = weight.read().dataSync();
    const { before, after } = KERAS.network;
    const frozen = /1\//.test(name);
    const difference = Math.max(...after[name].map((value, i) => Math.abs(value - values[i])));
    if (frozen) expect([name, [...values]]).toEqual([name, [...Float32Array.from(before[name])]]);
    else if (!(difference < 1e-5)) throw new Error(`${name} is ${difference} from Keras's`);
  }
}

describeOnBackends('a frozen batch norm', () => {
  describe.each([
    ['ours', false],
    ['ours', true],
    ['stock', true],
  ])('%s, accelerated %s', (norm, accelerated) => {
    test.each(KERAS.layers.map((facts): [string, LayerFacts] => [JSON.stringify(facts.options), facts]))(
      '%s computes what Keras computes, and the gradient of its input',
      (_, { shape, options, weights, x, dy, y, dx }) => {
        if (accelerated) accelerate();
        const layer = NORMS[norm]({ ...options, inputShape: shape, trainable: false });
        const model = tf.sequential({ layers: [layer] });
        const channels = weights[0].length;
        tf.tidy(() => layer.setWeights(weights.map((values) => tf.tensor(values, [channels]))));
        const [input, upstream] = [x, dy].map((values) => tf.tensor(values, [3, ...shape]));
        const before = statistics(layer);
        const call = (images: tf.Tensor) => model.apply(images, { training: true }) as tf.Tensor;
        expect(relativeError(call(input).dataSync(), y)).toBeLessThan(1e-5);
        expect(relativeError(tf.grad(call)(input, upstream).dataSync(), dx)).toBeLessThan(1e-5);
        expect(statistics(layer)).toEqual(before);
      },
    );
  });

  describe.each([
    ['ours', false],
    ['ours', true],
    ['stock', true],
  ])('%s, accelerated %s: a network moves as that of Keras', (norm, accelerated) => {
    test.each(Object.entries(WAYS))('frozen %s', async (_, freezeBody) => {
      if (accelerated) accelerate();
      const model = await freezeBody(NORMS[norm]);
      await expectKerasSteps(model);
      model.dispose();
    });
  });

  test('freeze does it for stock layers without accelerate(), and unfreeze takes it back', async () => {
    const model = network(NORMS.stock);
    freeze(model, 'bn1');
    freeze(model, 'bn1');
    await expectKerasSteps(model);
    unfreeze(model);
    expect(Object.hasOwn(model.getLayer('bn1'), 'call')).toBe(false);
    const before = statistics(model.getLayer('bn1'));
    await step(model);
    expect(statistics(model.getLayer('bn1'))).not.toEqual(before);
    model.dispose();
  });

  test.each([false, true])(
    'freeze and unfreeze leave our layer as it was, accelerated %s',
    async (accelerated) => {
      if (accelerated) accelerate();
      const norm = batchNormalization({ scale: false, inputShape: [4], name: 'norm' });
      const model = tf.sequential({ layers: [norm, tf.layers.dense({ units: 2 })] });
      const x = tf.randomNormal([6, 4], 3);
      const before = statistics(norm);
      freeze(model, 'norm');
      tf.dispose(model.apply(x, { training: true }) as tf.Tensor);
      expect(statistics(norm)).toEqual(before);
      unfreeze(model);
      const y = norm.apply(x, { training: true }) as tf.Tensor;
      const { mean } = tf.moments(y, 0);
      expect(Math.max(...mean.abs().dataSync())).toBeLessThan(1e-5);
      expect(statistics(norm)).not.toEqual(before);
    },
  );

  test('freeze reaches models within the model, and unfreeze does', () => {
    const inner = tf.sequential({
      name: 'inner',
      layers: [
        tf.layers.conv2d({ filters: 2, kernelSize: 1, inputShape: [3, 3, 2] }),
        tf.layers.batchNormalization(),
      ],
    });
    const model = tf.sequential({
      layers: [
        tf.sequential({ name: 'outer', layers: [inner] }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2, name: 'fc' }),
      ],
    });
    const norm = inner.layers[1];
    const x = tf.randomNormal([4, 3, 3, 2], 2);
    const before = statistics(norm);
    freeze(model, 'outer');
    expect(model.trainableWeights.map(({ originalName }) => originalName)).toEqual(['fc/kernel', 'fc/bias']);
    tf.dispose(model.apply(x, { training: true }) as tf.Tensor);
    expect(statistics(norm)).toEqual(before);
    unfreeze(model);
    expect(model.trainableWeights).toHaveLength(6);
    tf.dispose(model.apply(x, { training: true }) as tf.Tensor);
    expect(statistics(norm)).not.toEqual(before);
    model.dispose();
  });

  test('accelerate() sees what is not trainable around a norm without weights to mark', () => {
    accelerate();
    const norm = (name: string) => batchNormalization({ name, scale: false, center: false });
    const inner = tf.sequential({
      layers: [tf.layers.inputLayer({ inputShape: [3, 3, 2] }), norm('inside')],
    });
    const wrapped = tf.layers.timeDistributed({
      layer: tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [3, 2] }), norm('wrapped')] }),
    });
    const model = tf.sequential({ layers: [tf.sequential({ layers: [inner] }), wrapped, norm('live')] });
    model.layers[0].trainable = false;
    wrapped.trainable = false;
    const live = model.layers[2];
    const x = tf.randomNormal([4, 3, 3, 2], 2);
    tf.dispose(model.apply(x, { training: true }) as tf.Tensor);
    expect(
      statistics(inner.layers[0].getClassName() === 'InputLayer' ? inner.layers[1] : inner.layers[0]),
    ).toEqual([0, 0, 1, 1]);
    expect(statistics((wrapped as unknown as { layer: tf.Sequential }).layer.layers.at(-1)!)).toEqual([
      0, 0, 1, 1,
    ]);
    expect(statistics(live)).not.toEqual([0, 0, 1, 1]);
    // It is counted anew with each pass.
    model.layers[0].trainable = wrapped.trainable = true;
    tf.dispose(model.apply(x, { training: true }) as tf.Tensor);
    expect(statistics(inner.layers.at(-1)!)).not.toEqual([0, 0, 1, 1]);
  });

  test.each([false, true])(
    'within a depthwise separable convolution, accelerated %s',
    async (accelerated) => {
      if (accelerated) accelerate();
      const layer = depthwiseSeparableConv2D({
        filters: 3,
        batchNorm: true,
        inputShape: [5, 5, 2],
        trainable: false,
      });
      const model = tf.sequential({ layers: [layer] });
      const x = tf.randomNormal([4, 5, 5, 2], 2);
      const run = (training: boolean) => (model.apply(x, { training }) as tf.Tensor).dataSync();
      const expected = run(false);
      expect(relativeError(run(true), expected)).toBeLessThan(1e-6);
      expect(run(false)).toEqual(expected);
      expect(inspectModel(model).params.trainable).toBe(0);
      const copy = await savedAndLoaded(model);
      expect(copy.trainableWeights).toEqual([]);
      expect(copy.getWeights()).toHaveLength(10);
      layer.trainable = true;
      expect(model.trainableWeights).toHaveLength(6);
      expect(relativeError(run(true), expected)).toBeGreaterThan(0.1);
      model.trainable = false;
      const still = run(false);
      run(true);
      expect(run(false)).toEqual(still);
    },
  );

  test.each([true, false])('train leaves it as it is, compiled %s', async (compile) => {
    for (const norm of Object.values(NORMS)) {
      const model = tf.sequential({
        layers: [
          tf.layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 3] }),
          norm({ trainable: false, name: 'frozen' }),
          tf.layers.reLU(),
          norm({ name: 'live' }),
          tf.layers.globalAveragePooling2d({}),
          tf.layers.dense({ units: 3 }),
        ],
      });
      const before = model
        .getLayer('frozen')
        .getWeights()
        .map((weight) => weight.dataSync());
      const live = statistics(model.getLayer('live'));
      const options = { epochs: 1, batchSize: 8, learningRate: 0.05, padCrop: 0, compile };
      await train(model, { train: smallDataset(32) }, options);
      expect(
        model
          .getLayer('frozen')
          .getWeights()
          .map((weight) => weight.dataSync()),
      ).toEqual(before);
      expect(statistics(model.getLayer('live'))).not.toEqual(live);
      model.dispose();
    }
  });

  test('an empty batch and whole numbers', () => {
    const model = tf.sequential({
      layers: [batchNormalization({ scale: false, center: false, epsilon: 0, inputShape: [2] })],
    });
    const empty = model.apply(tf.zeros([0, 2]), { training: true }) as tf.Tensor;
    expect(empty.shape).toEqual([0, 2]);
    expect(statistics(model.layers[0])).toEqual([0, 0, 1, 1]);
    const whole = model.apply(tf.tensor2d([[1, 0], [3, 8]], [2, 2], 'int32'), { training: true }) as tf.Tensor; // prettier-ignore
    expect(relativeError(whole.dataSync(), [-1, -1, 1, 1])).toBeLessThan(1e-6);
  });

  test('accelerate() on top of our layer, and restore(), change nothing', () => {
    const model = tf.sequential({ layers: [batchNormalization({ inputShape: [3], trainable: false })] });
    const x = tf.randomNormal([4, 3], 2);
    for (const change of [accelerate, restore]) {
      change();
      tf.dispose(model.apply(x, { training: true }) as tf.Tensor);
      expect(statistics(model.layers[0])).toEqual([0, 0, 0, 1, 1, 1]);
    }
  });
});

import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import {
  DepthwiseSeparableConv2D,
  type DepthwiseSeparableConv2DConfig,
  depthwiseSeparableConv2D,
} from '../../src/layers/depthwise-separable-conv2d';
import { TESTED_BACKENDS, expectNoLeak } from '../support/backends';
import { savedAndLoaded } from '../support/saved-and-loaded';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

const NO_OPTION_AT_ITS_DEFAULT: DepthwiseSeparableConv2DConfig = {
  name: 'block.dw',
  filters: 5,
  kernelSize: [3, 5],
  strides: [2, 1],
  padding: [1, 2],
  dilationRate: [1, 2],
  depthMultiplier: 2,
  batchNorm: { momentum: 0.5, epsilon: 0.01, gammaInitializer: tf.initializers.constant({ value: 2 }) },
  depthwiseBatchNorm: false,
  activation: 'relu',
  depthwiseActivation: 'tanh',
  useBias: true,
  implementation: 'split-concat',
  depthwiseInitializer: tf.initializers.randomNormal({ stddev: 0.3, seed: 1 }),
  pointwiseInitializer: tf.initializers.randomNormal({ stddev: 0.4, seed: 2 }),
  biasInitializer: 'ones',
  depthwiseRegularizer: tf.regularizers.l2({ l2: 0.1 }),
  pointwiseRegularizer: tf.regularizers.l2({ l2: 0.2 }),
  biasRegularizer: tf.regularizers.l1({ l1: 0.3 }),
  depthwiseConstraint: tf.constraints.maxNorm({ maxValue: 3 }),
  pointwiseConstraint: tf.constraints.minMaxNorm({ minValue: 0, maxValue: 4 }),
  biasConstraint: tf.constraints.nonNeg(),
  trainable: false,
};

function modelOf(config: DepthwiseSeparableConv2DConfig, inputShape: number[]): tf.Sequential {
  return tf.sequential({ layers: [depthwiseSeparableConv2D({ ...config, inputShape })] });
}

function values(tensor: tf.Tensor): number[] {
  return Array.from(tensor.dataSync());
}

test('equals the stock separable convolution when nothing is between', () => {
  const shared = { filters: 6, kernelSize: 3, strides: 2, padding: 'same', depthMultiplier: 2 } as const;
  const stock = tf.sequential({ layers: [tf.layers.separableConv2d({ ...shared, inputShape: [9, 8, 4] })] });
  const ours = modelOf(shared, [9, 8, 4]);
  tf.tidy(() => {
    const [depthwise, pointwise] = stock.getWeights();
    const depthwiseBias = tf.zeros([8]);
    const bias = tf.randomNormal([6], 0, 1, 'float32', 3);
    stock.setWeights([depthwise, pointwise, bias]);
    // The stock kernel [3, 3, 4, 2] has output channel 2c + m at [.., c, m]; so has ours at [.., 0, 2c + m].
    ours.setWeights([depthwise.reshape([3, 3, 1, 8]), depthwiseBias, pointwise, bias]);
    const x = tf.randomNormal([2, 9, 8, 4], 0, 1, 'float32', 4);
    const [expected, received] = [stock, ours].map((model) => model.predict(x) as tf.Tensor);
    expect(received.shape).toEqual([2, 5, 4, 6]);
    expect(expected.sub(received).abs().max().dataSync()[0]).toBeLessThan(1e-5);
  });
  stock.dispose();
  ours.dispose();
});

test('equals its parts: convolution, norm and activation, twice', () => {
  const model = modelOf(
    { filters: 5, padding: 1, strides: 2, batchNorm: { epsilon: 1e-5 }, activation: 'relu' },
    [6, 6, 3],
  );
  tf.tidy(() => {
    const weights = Object.fromEntries(
      model.weights.map(({ originalName, shape }, index) => {
        const value = tf
          .randomUniform(shape as number[], 0.1, 1, 'float32', index + 1)
          .sub(originalName.endsWith('kernel') ? 0.5 : 0);
        return [originalName.split('/').slice(-2).join('/'), value as tf.Tensor];
      }),
    );
    model.setWeights(Object.values(weights));
    const x = tf.randomNormal<tf.Rank.R4>([2, 6, 6, 3], 0, 1, 'float32', 9);
    const norm = (y: tf.Tensor4D, name: string) =>
      tf.batchNorm(
        y,
        weights[`${name}/moving_mean`] as tf.Tensor1D,
        weights[`${name}/moving_variance`] as tf.Tensor1D,
        weights[`${name}/beta`] as tf.Tensor1D,
        weights[`${name}/gamma`] as tf.Tensor1D,
        1e-5,
      ) as tf.Tensor4D;
    const depthwise = (weights['depthwise/kernel'] as tf.Tensor4D).reshape<tf.Tensor4D>([3, 3, 3, 1]);
    const padded = x.pad([[0, 0], [1, 1], [1, 1], [0, 0]]) as tf.Tensor4D; // prettier-ignore
    const between = norm(
      tf.depthwiseConv2d(padded, depthwise, 2, 'valid'),
      'depthwise_bn',
    ).relu<tf.Tensor4D>();
    const pointwise = weights['pointwise/kernel'] as tf.Tensor4D;
    const y = norm(tf.conv2d(between, pointwise, 1, 'valid'), 'pointwise_bn').relu();
    const received = model.predict(x) as tf.Tensor;
    expect(received.shape).toEqual([2, 3, 3, 5]);
    expect(y.sub(received).abs().max().dataSync()[0]).toBeLessThan(1e-5);
    expect(y.max().dataSync()[0]).toBeGreaterThan(0.1);
  });
  model.dispose();
});

test('names, shapes and kinds of weights', () => {
  const model = modelOf(
    { name: 'block', filters: 5, depthMultiplier: 2, batchNorm: true, activation: 'relu' },
    [6, 6, 3],
  );
  expect(model.trainableWeights.map(({ originalName, shape }) => [originalName, shape])).toEqual([
    ['block/depthwise/kernel', [3, 3, 1, 6]],
    ['block/depthwise_bn/gamma', [6]],
    ['block/depthwise_bn/beta', [6]],
    ['block/pointwise/kernel', [1, 1, 6, 5]],
    ['block/pointwise_bn/gamma', [5]],
    ['block/pointwise_bn/beta', [5]],
  ]);
  expect(model.nonTrainableWeights.map(({ originalName }) => originalName)).toEqual([
    'block/depthwise_bn/moving_mean',
    'block/depthwise_bn/moving_variance',
    'block/pointwise_bn/moving_mean',
    'block/pointwise_bn/moving_variance',
  ]);
  model.trainable = false;
  expect(model.trainableWeights).toEqual([]);
  model.trainable = true;
  model.layers[0].trainable = false;
  expect(model.trainableWeights).toEqual([]);
  expect(model.countParams()).toBe(54 + 12 + 30 + 10 + 22);
  model.dispose();
});

test('a bias where no norm follows, unless told', () => {
  const biases = (config: Omit<DepthwiseSeparableConv2DConfig, 'filters'>) => {
    const model = modelOf({ ...config, filters: 4, name: 'b' }, [5, 5, 2]);
    const names = model.weights.map((weight) => weight.originalName).filter((name) => name.endsWith('bias'));
    model.dispose();
    return names;
  };
  expect(biases({})).toEqual(['b/depthwise/bias', 'b/pointwise/bias']);
  expect(biases({ batchNorm: true })).toEqual([]);
  expect(biases({ batchNorm: true, depthwiseBatchNorm: false })).toEqual(['b/depthwise/bias']);
  expect(biases({ batchNorm: true, useBias: true })).toEqual(['b/depthwise/bias', 'b/pointwise/bias']);
  expect(biases({ useBias: false })).toEqual([]);
});

test('config round trip with no option at its default', () => {
  const layer = depthwiseSeparableConv2D(NO_OPTION_AT_ITS_DEFAULT);
  const config = layer.getConfig();
  const plain = JSON.parse(JSON.stringify(config)) as tf.serialization.ConfigDict;
  expect(plain.batchNorm).toMatchObject({
    momentum: 0.5,
    epsilon: 0.01,
    gammaInitializer: { className: 'Constant', config: { value: 2 } },
  });
  expect(plain).toMatchObject({
    kernelSize: [3, 5],
    padding: [1, 2],
    depthwiseBatchNorm: false,
    depthwiseActivation: 'tanh',
    useBias: true,
    implementation: 'split-concat',
    depthwiseInitializer: { className: 'RandomNormal', config: { stddev: 0.3, seed: 1 } },
    pointwiseInitializer: { className: 'RandomNormal', config: { stddev: 0.4, seed: 2 } },
    depthwiseRegularizer: { className: 'L1L2', config: { l2: 0.1 } },
    pointwiseRegularizer: { className: 'L1L2', config: { l2: 0.2 } },
    biasRegularizer: { className: 'L1L2', config: { l1: 0.3 } },
    depthwiseConstraint: { className: 'MaxNorm', config: { maxValue: 3 } },
    pointwiseConstraint: { className: 'MinMaxNorm', config: { maxValue: 4 } },
    biasConstraint: { className: 'NonNeg' },
    trainable: false,
  });
  expect(Object.keys(plain).sort()).toEqual(Object.keys(NO_OPTION_AT_ITS_DEFAULT).sort());
  const again = DepthwiseSeparableConv2D.fromConfig(
    DepthwiseSeparableConv2D as never,
    plain,
  ) as DepthwiseSeparableConv2D;
  expect(again.getConfig()).toEqual(plain);
});

test('saved and loaded with every option set, it predicts the same', async () => {
  const model = modelOf({ ...NO_OPTION_AT_ITS_DEFAULT, strides: 1 }, [7, 9, 4]);
  const x = tf.randomNormal([2, 7, 9, 4], 0, 1, 'float32', 5);
  tf.dispose(model.apply(x, { training: true }) as tf.Tensor);
  const loaded = await savedAndLoaded(model);
  const [before, after] = [model, loaded].map((one) => tf.tidy(() => values(one.predict(x) as tf.Tensor)));
  // Not to the bit: tfjs applies the constraints to what it loads, once more.
  after.forEach((value, index) => expect(value).toBeCloseTo(before[index], 4));
  expect(Math.max(...before)).toBeGreaterThan(0);
  expect(loaded.layers[0].getConfig().depthwiseConstraint).toEqual(
    model.layers[0].getConfig().depthwiseConstraint,
  );
  for (const one of [model, loaded]) one.dispose();
  x.dispose();
});

test('training moves every trainable weight and the statistics; regularisers and constraints hold', () => {
  const model = modelOf(
    {
      ...NO_OPTION_AT_ITS_DEFAULT,
      strides: 1,
      dilationRate: 1,
      batchNorm: false,
      depthwiseBatchNorm: true,
      trainable: true,
      activation: 'tanh',
    },
    [7, 9, 4],
  );
  const layer = model.layers[0];
  tf.tidy(() => {
    const x = tf.randomNormal([4, 7, 9, 4], 0, 1, 'float32', 5);
    const losses = layer.calculateLosses().map((loss) => loss.dataSync()[0]);
    const squares = (name: string) =>
      values(model.weights.find((weight) => weight.originalName.endsWith(name))?.read() as tf.Tensor).reduce(
        (s, v) => s + v * v,
        0,
      );
    // Weights in the order of the parts: kernel, bias, kernel, bias; the biases are eight and five ones.
    [0.1 * squares('depthwise/kernel'), 0.3 * 8, 0.2 * squares('pointwise/kernel'), 0.3 * 5].forEach(
      (expected, index) => expect(losses[index]).toBeCloseTo(expected, 4),
    );
    const before = model.weights.map((weight) => values(weight.read()));
    const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const optimizer = tf.train.sgd(5);
    optimizer.minimize(
      () => (model.apply(x, { training: true }) as tf.Tensor).square().mean() as tf.Scalar,
      false,
      variables,
    );
    model.weights.forEach((weight, index) => {
      // A norm takes away whatever a bias before it adds, so that one has no gradient.
      if (weight.originalName.endsWith('depthwise/bias')) return;
      if (values(weight.read()).every((value, at) => value === before[index][at])) {
        throw new Error(`${weight.originalName} did not change`);
      }
    });
  });
  model.dispose();
});

test('the output shape is known before it is built, also where the size is not', () => {
  const layer = depthwiseSeparableConv2D({ filters: 6, strides: 2, padding: 1 });
  expect(layer.computeOutputShape([null, 32, 31, 8])).toEqual([null, 16, 16, 6]);
  expect(layer.computeOutputShape([null, null, 31, 8])).toEqual([null, null, 16, 6]);
});

test('nothing is left behind', () => {
  expectNoLeak(() => {
    const model = modelOf({ filters: 4, batchNorm: true, activation: 'relu' }, [5, 5, 2]);
    tf.dispose(tf.tidy(() => model.predict(tf.ones([1, 5, 5, 2]))));
    model.dispose();
  });
});

test.each<[Partial<DepthwiseSeparableConv2DConfig>, string]>([
  [{ filters: 0 }, 'filters: expected a whole number of at least 1. Received: 0.'],
  [{ depthMultiplier: 1.5 }, 'depthMultiplier: expected a whole number of at least 1. Received: 1.5.'],
  [{ padding: 'full' as never }, "padding: expected 'same', 'valid'"],
  [{ implementation: 'fast' as never }, 'implementation: expected one of'],
  [{ kernelSize: 0 }, 'kernelSize: expected'],
])('%j is refused at once', (options, message) => {
  expect(() => depthwiseSeparableConv2D({ filters: 4, ...options })).toThrow(message);
});

test('unknown channels are refused', () => {
  const layer = depthwiseSeparableConv2D({ filters: 4 });
  expect(() => layer.apply(tf.input({ shape: [5, 5, null] }))).toThrow(
    'inputShape: expected a known number of channels',
  );
});

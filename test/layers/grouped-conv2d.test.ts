import * as tf from '@tensorflow/tfjs';
import { GroupedConv2D, groupedConv2D } from '../../src/layers/grouped-conv2d';
import { InvalidArgumentError } from '../../src/errors';
import { describeOnBackends } from '../support/backends';
import { relativeError } from '../support/grouped-conv2d-oracle';
import { savedAndLoaded } from '../support/saved-and-loaded';

/** Every option away from its default, so that a round trip that loses one is seen. */
const NO_DEFAULTS = {
  name: 'conv',
  filters: 8,
  kernelSize: [3, 2],
  strides: [2, 1],
  padding: [[1, 0], [0, 2]],
  dataFormat: 'channelsFirst',
  dilationRate: [1, 2],
  groups: 4,
  implementation: 'split-concat',
  activation: 'elu',
  useBias: true,
  kernelInitializer: tf.initializers.randomNormal({ stddev: 0.3, seed: 7 }),
  biasInitializer: tf.initializers.constant({ value: 0.25 }),
  kernelRegularizer: tf.regularizers.l1l2({ l1: 0.01, l2: 0.02 }),
  biasRegularizer: tf.regularizers.l2({ l2: 0.03 }),
  kernelConstraint: tf.constraints.maxNorm({ maxValue: 3, axis: 0 }),
  biasConstraint: tf.constraints.nonNeg(),
  inputShape: [8, 9, 7],
  trainable: false,
} as Parameters<typeof groupedConv2D>[0]; // prettier-ignore

describeOnBackends('GroupedConv2D', () => {
  it('has the seed numbers: 1,168 parameters with one group, 592 with two', () => {
    const parameters = (groups: number) =>
      tf
        .sequential({
          layers: [groupedConv2D({ filters: 16, kernelSize: 3, groups, inputShape: [32, 32, 8] })],
        })
        .countParams();
    expect(parameters(1)).toBe(1168);
    expect(parameters(2)).toBe(592);
  });

  it('equals the stock layer with one group, options and all', () => {
    const options = {
      filters: 6,
      kernelSize: 3,
      strides: 2,
      padding: 'same',
      activation: 'relu',
      kernelInitializer: tf.initializers.glorotUniform({ seed: 3 }),
      biasInitializer: tf.initializers.randomNormal({ seed: 4 }),
      inputShape: [9, 8, 4],
    } as const;
    const x = tf.randomNormal([2, 9, 8, 4], 0, 1, 'float32', 5);
    const stock = tf.sequential({ layers: [tf.layers.conv2d({ ...options, inputShape: [9, 8, 4] })] });
    const ours = tf.sequential({ layers: [groupedConv2D({ ...options, inputShape: [9, 8, 4] })] });
    const [expected, received] = [stock, ours].map((model) => (model.predict(x) as tf.Tensor).dataSync());
    expect(relativeError(received, expected)).toBeLessThan(1e-6);
  });

  it('computes the same channels first', () => {
    const options = { filters: 6, kernelSize: 3, groups: 2, padding: 1, kernelInitializer: tf.initializers.randomNormal({ seed: 1 }) }; // prettier-ignore
    const last = groupedConv2D({ ...options });
    const first = groupedConv2D({ ...options, dataFormat: 'channelsFirst' });
    const x = tf.randomNormal([2, 5, 6, 4], 0, 1, 'float32', 2);
    const y = last.apply(x) as tf.Tensor;
    const transposed = first.apply(x.transpose([0, 3, 1, 2])) as tf.Tensor;
    expect(transposed.shape).toEqual([2, 6, 5, 6]);
    expect(relativeError(transposed.transpose([0, 2, 3, 1]).dataSync(), y.dataSync())).toBeLessThan(1e-6);
  });

  it('saves and loads to equal predictions, every option with it', async () => {
    const model = tf.sequential({ layers: [groupedConv2D(NO_DEFAULTS)] });
    const x = tf.randomNormal([2, 8, 9, 7], 0, 1, 'float32', 1);
    const loaded = await savedAndLoaded(model);
    const layer = loaded.layers[0] as GroupedConv2D;
    expect(layer).toBeInstanceOf(GroupedConv2D);
    expect(layer.getConfig()).toEqual(model.layers[0].getConfig());
    const [expected, received] = [model, loaded].map((each) => (each.predict(x) as tf.Tensor).dataSync());
    // Not to the bit: tfjs applies constraints to weights that it loads, which rounds them.
    expect(relativeError(received, expected)).toBeLessThan(1e-6);
  });

  it.each([
    ['same', 2],
    ['valid', 1],
    [2, 2],
    [[1, 0], 3],
  ] as const)('says the shape that it then computes: padding %p, stride %i', (padding, strides) => {
    const layer = groupedConv2D({ filters: 6, kernelSize: [3, 2], strides, padding, groups: 2 });
    const y = layer.apply(tf.ones([2, 9, 8, 4])) as tf.Tensor;
    expect(layer.computeOutputShape([2, 9, 8, 4])).toEqual(y.shape);
    expect(layer.computeOutputShape([null, null, 8, 4])).toEqual([null, null, y.shape[2], 6]);
  });

  it('trains by model.fit, and a step changes every weight', async () => {
    const model = tf.sequential({
      layers: [
        groupedConv2D({
          filters: 8,
          kernelSize: 3,
          padding: 1,
          groups: 2,
          inputShape: [6, 6, 4],
          activation: 'relu',
        }),
        groupedConv2D({ filters: 8, kernelSize: 3, strides: 2, padding: 1, groups: 8 }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2 }),
      ],
    });
    model.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
    const before = model.getWeights().map((weight) => weight.dataSync().slice());
    const x = tf.randomNormal([8, 6, 6, 4], 0, 1, 'float32', 1);
    const y = tf.randomNormal([8, 2], 0, 1, 'float32', 2);
    const { history } = await model.fit(x, y, { epochs: 10, verbose: 0, shuffle: false });
    const losses = history.loss as number[];
    expect(losses[9]).toBeLessThan(losses[0]);
    model.getWeights().forEach((weight, index) => {
      expect(relativeError(weight.dataSync(), before[index])).toBeGreaterThan(0);
    });
  });
});

describe('GroupedConv2D refuses', () => {
  const build =
    (shape: tf.Shape, args: Partial<Parameters<typeof groupedConv2D>[0]> = {}) =>
    () =>
      groupedConv2D({ filters: 16, kernelSize: 3, groups: 4, name: 'conv', ...args }).build(shape);

  it.each([
    ['groups that do not divide the input channels', build([null, 8, 8, 6]), /^groups: expected a divisor of both the 6 input channels and the 16 filters \(1, 2\)\. Received: 4\.$/],
    ['groups that do not divide the filters', build([null, 8, 8, 8], { groups: 3 }), /^groups: .* Received: 3\.$/],
    ['an unknown channel count', build([null, 8, 8, null]), /^inputShape: expected a known number of channels for layer conv/],
    ['another rank', build([null, 8, 8]), /^inputShape: expected an input of rank 4 for layer conv/],
    ['no filters', build([null, 8, 8, 8], { filters: 0 }), /^filters: expected a whole number of at least 1/],
    ['an unknown implementation', build([null, 8, 8, 8], { implementation: 'nativ' as 'native' }), /did you mean 'native'\?/],
  ])('%s', (_, run, message) => {
    expect(run).toThrow(InvalidArgumentError);
    expect(run).toThrow(message);
  }); // prettier-ignore
});

import * as tf from '@tensorflow/tfjs';
import { createModel, type ModelName } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import type { Graph } from '../../src/graph/graph';
import { GraphRunner } from '../../src/graph/graph-runner';
import { lowerModel } from '../../src/graph/lower-model';
import { depthwiseSeparableConv2D } from '../../src/layers/depthwise-separable-conv2d';
import { groupedConv2D } from '../../src/layers/grouped-conv2d';
import { LayerScale } from '../../src/layers/layer-scale';
import { SqueezeExcite } from '../../src/layers/squeeze-excite';
import { ChannelShuffle } from '../../src/layers/channel-shuffle';
import { channelSlice } from '../../src/layers/channel-slice';
import { DropPath } from '../../src/layers/drop-path';
import { HardSwish } from '../../src/layers/hard-swish';
import { TESTED_BACKENDS } from '../support/backends';
import { drawWeights } from '../support/zoo-samples';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

function largestDifference(model: tf.LayersModel, graph: Graph): number {
  const inputs = model.inputs.map(({ shape }, i) =>
    tf.randomNormal([3, ...(shape.slice(1) as number[])], 0, 1, 'float32', i + 9),
  );
  const runner = new GraphRunner(graph);
  const before = tf.memory().numTensors;
  const made = runner.run(inputs);
  expect(tf.memory().numTensors).toBe(before + made.length);
  const apart = tf.tidy(() => {
    const expected = [model.predict(inputs.length === 1 ? inputs[0] : inputs)].flat();
    return Math.max(
      ...expected.map((tensor, i) => {
        expect(made[i].shape).toEqual(tensor.shape);
        const scale = tf.max(tf.abs(tensor)).dataSync()[0];
        expect(scale).toBeGreaterThan(1e-3);
        return tf.max(tf.abs(tf.sub(made[i], tensor))).dataSync()[0] / scale;
      }),
    );
  });
  runner.dispose();
  tf.dispose([...inputs, ...made]);
  return apart;
}

/** A model of one layer, or of some in a row. */
function chain(shape: number[], layers: tf.layers.Layer[]): tf.LayersModel {
  const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: shape }), ...layers] });
  drawWeights(model);
  return model;
}

const image = [7, 9, 8];
const { layers } = tf;
const conv2d = (options: object) => layers.conv2d({ filters: 6, kernelSize: 3, ...options });
const CHAINS: Record<string, () => tf.LayersModel> = {
  'convolution, same, stride 2, bias, relu': () =>
    chain(image, [conv2d({ padding: 'same', strides: 2, activation: 'relu' })]),
  'convolution, dilated': () =>
    chain(image, [conv2d({ dilationRate: 2, useBias: false, activation: 'tanh' })]),
  'grouped convolution, zeros a side': () =>
    chain(image, [
      groupedConv2D({ filters: 16, kernelSize: [3, 5], groups: 4, strides: 2, padding: [1, 2] }),
    ]),
  'depthwise convolution': () =>
    chain(image, [
      layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same' }),
      layers.batchNormalization(),
    ]),
  'separable convolution': () =>
    chain(image, [
      layers.separableConv2d({ filters: 5, kernelSize: 3, depthMultiplier: 2, activation: 'elu' }),
    ]),
  'depthwise separable convolution': () =>
    chain(image, [
      depthwiseSeparableConv2D({ filters: 12, padding: 1, strides: 2, batchNorm: true, activation: 'relu6' }),
    ]),
  'norms and a scale': () =>
    chain(image, [
      layers.batchNormalization({ scale: false }),
      layers.layerNormalization({ epsilon: 1e-6 }),
      new LayerScale(),
    ]),
  'squeeze-excite': () =>
    chain(image, [new SqueezeExcite({ squeezeChannels: 3, activation: 'silu', gate: 'hardSigmoid' })]),
  activations: () =>
    chain(image, [
      layers.leakyReLU({ alpha: 0.2 }),
      new HardSwish({}),
      layers.activation({ activation: 'swish' }),
      layers.activation({ activation: 'gelu' }),
      layers.elu({ alpha: 1 }),
      layers.activation({ activation: 'softplus' }),
      layers.activation({ activation: 'hardSigmoid' }),
      layers.softmax({ axis: 3 }),
    ]),
  'clipped activations': () =>
    chain(image, [layers.reLU({ maxValue: 6 }), layers.activation({ activation: 'sigmoid' })]),
  pools: () =>
    chain(
      [9, 8, 8],
      [
        layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
        layers.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same' }),
        layers.zeroPadding2d({ padding: [[1, 2], [0, 1]] }), // prettier-ignore
        layers.averagePooling2d({ poolSize: 2 }),
      ],
    ),
  shapes: () =>
    chain(image, [
      new ChannelShuffle({ groups: 4 }),
      layers.dropout({ rate: 0.5 }),
      new DropPath({ rate: 0.5 }),
      layers.reshape({ targetShape: [63, 8] }),
      layers.flatten(),
      layers.dense({ units: 4, activation: 'softmax' }),
    ]),
  'axes that change places, and borders cut off': () =>
    chain(image, [
      layers.permute({ dims: [3, 1, 2] }),
      layers.cropping2D({ cropping: [[1, 0], [2, 1]] }), // prettier-ignore
      conv2d({ filters: 5, kernelSize: 1 }),
      layers.permute({ dims: [2, 1, 3] }),
      layers.batchNormalization(),
      layers.cropping2D({ cropping: [[0, 2], [0, 0]] }), // prettier-ignore
      layers.reshape({ targetShape: [14, 5] }),
      layers.permute({ dims: [2, 1] }),
      layers.dense({ units: 3 }),
    ]),
};

describe('a lowered model computes what the model computes', () => {
  test.each(Object.entries(CHAINS))('%s', (_, make) => {
    const model = make();
    const graph = lowerModel(model);
    expect(largestDifference(model, graph)).toBeLessThan(1e-5);
    expect(largestDifference(model, foldBatchNorm(graph))).toBeLessThan(1e-5);
    model.dispose();
  });

  test('branches, a model within, a shared layer and several outputs', () => {
    const input = tf.input({ shape: image });
    const [left, right] = [0, 4].map(
      (begin) => channelSlice({ begin, size: 4 }).apply(input) as tf.SymbolicTensor,
    );
    const shared = conv2d({ filters: 4, padding: 'same', name: 'shared' });
    const inner = tf.sequential({
      name: 'inner',
      layers: [conv2d({ inputShape: [7, 9, 4], padding: 'same' }), layers.batchNormalization()],
    });
    const once = shared.apply(left) as tf.SymbolicTensor;
    const twice = shared.apply(once) as tf.SymbolicTensor;
    const sum = layers.add().apply([once, twice, right]) as tf.SymbolicTensor;
    const product = layers.multiply().apply([sum, right]) as tf.SymbolicTensor;
    const joined = layers
      .concatenate()
      .apply([inner.apply(product) as tf.SymbolicTensor, sum]) as tf.SymbolicTensor;
    const pooled = layers.globalAveragePooling2d({}).apply(joined) as tf.SymbolicTensor;
    const model = tf.model({ inputs: input, outputs: [pooled, sum] });
    drawWeights(model);
    const graph = lowerModel(model);
    expect(new Set(graph.nodes.map(({ name }) => name)).size).toBe(graph.nodes.length);
    expect(graph.nodes.map(({ name }) => name)).toEqual(expect.arrayContaining(['shared', 'shared_1']));
    expect(largestDifference(model, graph)).toBeLessThan(1e-5);
    expect(largestDifference(model, foldBatchNorm(graph))).toBeLessThan(1e-5);
    model.dispose();
  });

  test.each<ModelName>(['resnext_toy', 'mobilenet_toy', 'mobilenet_v2_cifar'])('%s, folded', (name) => {
    const model = createModel(name, { inputShape: [24, 32, 3] });
    drawWeights(model);
    const graph = lowerModel(model);
    const folded = foldBatchNorm(graph);
    expect(graph.nodes.some(({ op }) => op === 'affine')).toBe(true);
    expect(folded.nodes.filter(({ op }) => op === 'affine')).toEqual([]);
    expect(largestDifference(model, graph)).toBeLessThan(1e-4);
    expect(largestDifference(model, folded)).toBeLessThan(1e-4);
    model.dispose();
  });
});

describe('folding', () => {
  test('leaves a convolution that something else reads too, and a norm after another operation', () => {
    const input = tf.input({ shape: image });
    const convolved = conv2d({ filters: 8, padding: 'same' }).apply(input) as tf.SymbolicTensor;
    const normed = layers.batchNormalization().apply(convolved) as tf.SymbolicTensor;
    const sum = layers.add().apply([convolved, normed]) as tf.SymbolicTensor;
    const model = tf.model({
      inputs: input,
      outputs: layers.batchNormalization().apply(sum) as tf.SymbolicTensor,
    });
    drawWeights(model);
    const folded = foldBatchNorm(lowerModel(model));
    expect(folded.nodes.filter(({ op }) => op === 'affine')).toHaveLength(2);
    expect(largestDifference(model, folded)).toBeLessThan(1e-5);
    model.dispose();
  });

  test('leaves a norm of other channels than those that the convolution put out', () => {
    const model = chain(image, [
      conv2d({ filters: 9, padding: 'same' }),
      layers.permute({ dims: [1, 3, 2] }),
      layers.batchNormalization(),
      conv2d({ filters: 9 }),
      layers.cropping2D({ cropping: 1 }),
      layers.batchNormalization(),
    ]);
    const folded = foldBatchNorm(lowerModel(model));
    const operations = ['input', 'conv2d', 'transpose', 'affine', 'conv2d', 'slice', 'affine'];
    expect(folded.nodes.map(({ op }) => op)).toEqual(operations);
    expect(largestDifference(model, folded)).toBeLessThan(1e-5);
    model.dispose();
  });

  test('takes two norms in a row', () => {
    const model = chain(image, [conv2d({}), layers.batchNormalization(), layers.batchNormalization()]);
    const folded = foldBatchNorm(lowerModel(model));
    expect(folded.nodes.map(({ op }) => op)).toEqual(['input', 'conv2d']);
    expect(largestDifference(model, folded)).toBeLessThan(1e-5);
    model.dispose();
  });
});

describe('what cannot be lowered is named', () => {
  test.each<[string, () => tf.LayersModel, string]>([
    [
      'layers',
      () => chain(image, [layers.conv2dTranspose({ filters: 2, kernelSize: 2, name: 'up' })]),
      'layers that cannot be lowered: up (Conv2DTranspose)',
    ],
    [
      'an activation',
      () => chain(image, [conv2d({ activation: 'mish', name: 'c' })]),
      'layer c (Conv2D) cannot be lowered: its activation is mish',
    ],
    [
      'a bound',
      () => chain(image, [layers.reLU({ maxValue: 4, name: 'r' })]),
      'layer r (ReLU) cannot be lowered: it stops at 4',
    ],
    [
      'an axis',
      () => chain(image, [layers.batchNormalization({ axis: 1, name: 'b' })]),
      'normalises along axis 1',
    ],
    [
      'channels first',
      () => chain([8, 6, 6], [layers.globalAveragePooling2d({ dataFormat: 'channelsFirst', name: 'p' })]),
      'its channels come first',
    ],
    [
      'a crop with channels first',
      () => chain(image, [layers.cropping2D({ cropping: 1, dataFormat: 'channelsFirst', name: 'c' })]),
      'layer c (Cropping2D) cannot be lowered: its channels come first',
    ],
    [
      'a crop of everything',
      () => chain(image, [layers.cropping2D({ cropping: [[3, 4], [0, 0]], name: 'c' })]), // prettier-ignore
      'layer c (Cropping2D) cannot be lowered: it leaves nothing of 7 x 9 pixels',
    ],
  ])('%s', (_, make, message) => {
    const model = make();
    expect(() => lowerModel(model)).toThrow(message);
    model.dispose();
  });

  test('a free size', () => {
    const model = tf.sequential({ layers: [conv2d({ inputShape: [null, null, 3] })] });
    expect(() => lowerModel(model)).toThrow('an input of fixed height and width');
    model.dispose();
  });

  test('inputs of another shape', () => {
    const model = chain(image, [conv2d({})]);
    const runner = new GraphRunner(lowerModel(model));
    const other = tf.zeros([1, 7, 9, 3]);
    expect(() => runner.run([other])).toThrow('[batch, 7, 9, 8]');
    expect(() => runner.run([])).toThrow('1 tensors');
    runner.dispose();
    other.dispose();
    model.dispose();
  });
});

import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { inspectModel } from '../../src/inspect/inspect-model';
import { depthwiseSeparableConv2D } from '../../src/layers/depthwise-separable-conv2d';
import { groupedConv2D } from '../../src/layers/grouped-conv2d';
import { layerScale } from '../../src/layers/layer-scale';
import { squeezeExcite } from '../../src/layers/squeeze-excite';

beforeAll(async () => {
  tf.enableProdMode(); // no advice to take a faster backend
  await useBackend('cpu');
});

/** Multiply-accumulates and activations of one layer for inputs of a shape. */
function costOf(layer: tf.layers.Layer, inputShape: (number | null)[]) {
  const input = tf.input({ shape: inputShape });
  const model = tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
  const { macs, activations, uncounted } = inspectModel(model);
  model.dispose();
  return [macs, activations, uncounted];
}

describe('multiply-accumulates and activations, counted by hand', () => {
  test.each<[string, () => tf.layers.Layer, (number | null)[], number, number]>([
    // 10x8 padded to the same: 80 positions, each 3 * 3 * 6 inputs for 4 filters.
    [
      'Conv2D',
      () => tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }),
      [10, 8, 6],
      80 * 54 * 4,
      320,
    ],
    // Stride 2 without padding: 4x3 positions.
    [
      'Conv2D, strided',
      () => tf.layers.conv2d({ filters: 4, kernelSize: 3, strides: 2 }),
      [10, 8, 6],
      12 * 54 * 4,
      48,
    ],
    [
      'Conv2D, channels first',
      () => tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', dataFormat: 'channelsFirst' }),
      [6, 10, 8],
      80 * 54 * 4,
      320,
    ],
    [
      'GroupedConv2D',
      () => groupedConv2D({ filters: 4, kernelSize: 3, padding: 1, groups: 2 }),
      [10, 8, 6],
      80 * 27 * 4,
      320,
    ],
    // Two outputs for each of 6 channels.
    [
      'DepthwiseConv2D',
      () => tf.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same' }),
      [10, 8, 6],
      80 * 9 * 12,
      960,
    ],
    [
      'SeparableConv2D',
      () => tf.layers.separableConv2d({ filters: 5, kernelSize: 3, depthMultiplier: 2, padding: 'same' }),
      [10, 8, 6],
      80 * (9 * 12 + 12 * 5),
      80 * (12 + 5),
    ],
    [
      'DepthwiseSeparableConv2D',
      () =>
        depthwiseSeparableConv2D({
          filters: 5,
          kernelSize: 3,
          depthMultiplier: 2,
          padding: 'same',
          batchNorm: true,
        }),
      [10, 8, 6],
      80 * (9 * 12 + 12 * 5),
      80 * (12 + 5),
    ],
    // Each input element meets the whole kernel: 4x3 of them, and 8x6 positions out.
    [
      'Conv2DTranspose',
      () => tf.layers.conv2dTranspose({ filters: 5, kernelSize: 2, strides: 2 }),
      [4, 3, 6],
      12 * 4 * 5 * 6,
      48 * 5,
    ],
    ['Conv1D', () => tf.layers.conv1d({ filters: 4, kernelSize: 3 }), [10, 6], 8 * 18 * 4, 32],
    ['Dense', () => tf.layers.dense({ units: 7 }), [5], 35, 7],
    ['Dense over positions', () => tf.layers.dense({ units: 7 }), [3, 5], 3 * 35, 21],
    [
      'TimeDistributed',
      () => tf.layers.timeDistributed({ layer: tf.layers.conv2d({ filters: 4, kernelSize: 3 }) }),
      [2, 5, 5, 3],
      2 * 9 * 27 * 4,
      72,
    ],
    // Two products of averages, whatever the size: 6 x 4 and 4 x 6.
    ['SqueezeExcite', () => squeezeExcite({ squeezeChannels: 4 }), [10, 8, 6], 24 + 24, 4 + 6],
    ['SqueezeExcite at any size', () => squeezeExcite({ squeezeChannels: 4 }), [null, null, 6], 48, 10],
    ['LayerScale', () => layerScale(), [10, 8, 6], 0, 0],
    ['BatchNormalization', () => tf.layers.batchNormalization(), [4, 4, 3], 0, 0],
    ['PReLU', () => tf.layers.prelu(), [4, 4, 3], 0, 0],
  ])('%s', (_, layer, shape, macs, activations) => {
    expect(costOf(layer(), shape)).toEqual([macs, activations, []]);
  });

  test('what cannot be told is named, not passed over', () => {
    expect(costOf(tf.layers.lstm({ units: 3, name: 'memory' }), [4, 2])).toEqual([0, 0, ['memory']]);
  });
});

test('parameters, with and without those that training leaves alone', () => {
  const model = tf.sequential({
    name: 'seed_numbers',
    layers: [
      groupedConv2D({ filters: 16, kernelSize: 3, groups: 2, inputShape: [32, 32, 8], name: 'conv' }),
      tf.layers.batchNormalization({ name: 'norm' }),
      tf.layers.flatten({ name: 'flat' }),
    ],
  });
  const report = inspectModel(model);
  expect(report.params).toEqual({ trainable: 592 + 32, nonTrainable: 32, total: 656 });
  expect(report.name).toBe('seed_numbers');
  expect(report.inputShape).toEqual([32, 32, 8]);
  expect(
    report.layers.map(({ name, className, outputShape, params }) => [
      name,
      className,
      outputShape,
      params.total,
    ]),
  ).toEqual([
    ['conv', 'GroupedConv2D', [30, 30, 16], 592],
    ['norm', 'BatchNormalization', [30, 30, 16], 64],
    ['flat', 'Flatten', [14400], 0],
  ]);
  model.layers[0].trainable = false;
  expect(inspectModel(model).params).toEqual({ trainable: 32, nonTrainable: 592 + 32, total: 656 });
  model.dispose();
});

test('a layer that is applied twice computes twice and has its weights once', () => {
  const input = tf.input({ shape: [4, 4, 3] });
  const layer = tf.layers.conv2d({
    filters: 3,
    kernelSize: 3,
    padding: 'same',
    useBias: false,
    name: 'shared',
  });
  const output = layer.apply(layer.apply(input)) as tf.SymbolicTensor;
  const once = tf.model({ inputs: input, outputs: layer.getOutputAt(0) as tf.SymbolicTensor });
  const twice = tf.model({ inputs: input, outputs: output });
  expect(inspectModel(twice).macs).toBe(2 * 16 * 81);
  expect(inspectModel(twice).params.total).toBe(81);
  // The layer's second place is in the other model.
  expect(inspectModel(once).macs).toBe(16 * 81);
  twice.dispose();
});

test('a model within a model', () => {
  const backbone = tf.sequential({
    name: 'backbone',
    layers: [tf.layers.dense({ units: 4, useBias: false, inputShape: [4], name: 'inner' })],
  });
  const [left, right] = [tf.input({ shape: [4] }), tf.input({ shape: [4] })];
  const both = [left, right].map((input) => backbone.apply(input) as tf.SymbolicTensor);
  const sum = tf.layers.add({ name: 'sum' }).apply(both) as tf.SymbolicTensor;
  const logits = tf.layers.dense({ units: 2, name: 'head' }).apply(sum) as tf.SymbolicTensor;
  const report = inspectModel(tf.model({ inputs: [left, right], outputs: logits }));
  expect(report.layers.map(({ name, macs }) => [name, macs])).toEqual([
    ['backbone/inner', 2 * 16],
    ['sum', 0],
    ['head', 8],
  ]);
  expect(report.macs).toBe(40);
  expect(report.params).toEqual({ trainable: 16 + 10, nonTrainable: 0, total: 26 });
  expect(report.inputShape).toEqual([[4], [4]]);
});

test('a model that is not built, or whose images have no fixed size, is refused', () => {
  expect(() => inspectModel(tf.sequential({ name: 'empty' }))).toThrow('built model');
  const input = tf.input({ shape: [null, null, 3] });
  const conv = tf.layers
    .conv2d({ filters: 2, kernelSize: 1, name: 'conv' })
    .apply(input) as tf.SymbolicTensor;
  expect(() => inspectModel(tf.model({ inputs: input, outputs: conv }))).toThrow(
    'model: expected a fixed input size, which conv needs to be counted. Received: [null,null,null,3].',
  );
});

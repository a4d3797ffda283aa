import * as tf from '@tensorflow/tfjs';
import { resnet } from '../../models/resnet';
import { resnext } from '../../models/resnext';
import { resnextCifar } from '../../models/resnext-cifar';
import { useBackend } from '../../src/backends/use-backend-node';
import reference from '../fixtures/zoo-reference.json';
import { TESTED_BACKENDS } from '../support/backends';
import { dropPathRates, expectedFigures, features, figures, modules, withModel } from './family-figures';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

const IMAGENET_NAMES = ['resnext50_32x4d', 'resnext101_32x8d', 'resnext101_64x4d'] as const;

test.each(IMAGENET_NAMES)('%s has the counts of torchvision', (name) => {
  expect(figures(resnext, name)).toEqual(expectedFigures(reference.models[name]));
});

test('resnext50_32x4d_cifar has the counts of its PyTorch form', () => {
  // Counted in PyTorch from torchvision's network with `conv1` 3x3 at stride 1 and without `maxpool`, for 10 classes.
  const counts = { trainable: 22992714, statistics: 68224, macs: 1343967232 };
  expect(figures(resnext, 'resnext50_32x4d_cifar')).toEqual(counts);
});

test.each([
  ['resnext50_32x4d', 32, [128, 256, 512, 1024]],
  ['resnext101_32x8d', 32, [256, 512, 1024, 2048]],
  ['resnext101_64x4d', 64, [256, 512, 1024, 2048]],
] as const)(
  '%s has its cardinality in every 3x3 convolution of a block, and nowhere else',
  (name, groups, widths) => {
    withModel(resnext, name, (model) => {
      const convs = model.layers
        .filter((layer) => layer.getClassName() === 'GroupedConv2D')
        .map((layer) => ({ name: layer.name, config: layer.getConfig(), out: layer.outputShape.at(-1) }));
      for (const { name: module, config } of convs) {
        expect([module, config.groups]).toEqual([module, module.endsWith('.conv2') ? groups : 1]);
      }
      const first = convs.filter(({ name: module }) => module.endsWith('.0.conv2')).map(({ out }) => out);
      expect(first).toEqual(widths);
    });
  },
);

test('modules are those of torchvision', () => {
  const names = modules(resnext, 'resnext101_32x8d');
  expect(names.slice(0, 2)).toEqual(['conv1', 'bn1']);
  expect(names.filter((name) => name.endsWith('conv3'))).toHaveLength(33);
  expect(names).toContain('layer3.22.conv3');
  expect(new Set(names.filter((name) => name.startsWith('layer1.0.')))).toEqual(
    new Set(
      ['conv1', 'bn1', 'conv2', 'bn2', 'conv3', 'bn3', 'downsample.0', 'downsample.1'].map(
        (module) => `layer1.0.${module}`,
      ),
    ),
  );
  expect(names.at(-1)).toBe('fc');
});

test('features are the stages', () => {
  expect(features(resnext, 'resnext50_32x4d')).toEqual([
    ['relu', 64, 2],
    ['layer1', 256, 4],
    ['layer2', 512, 8],
    ['layer3', 1024, 16],
    ['layer4', 2048, 32],
  ]);
  expect(features(resnextCifar, 'resnext29_8x4d')).toEqual([
    ['layer1', 256, 1],
    ['layer2', 512, 2],
    ['layer3', 1024, 4],
  ]);
  expect(features(resnextCifar, 'resnext_toy')).toEqual([
    ['layer1', 64, 2],
    ['layer2', 128, 4],
    ['layer3', 256, 8],
  ]);
});

test('drop path rises by the block', () => {
  const rates = Object.entries(dropPathRates(resnext, 'resnext50_32x4d', 0.15));
  expect(rates).toHaveLength(15);
  expect(rates[0]).toEqual(['layer1.1.drop_path', expect.closeTo(0.01, 10)]);
  expect(rates.at(-1)).toEqual(['layer4.2.drop_path', expect.closeTo(0.15, 10)]);
  expect(Object.keys(dropPathRates(resnextCifar, 'resnext_toy', 0.1))).toHaveLength(2);
});

test.each([
  ['resnext50_32x4d', 'wide_resnet50_2'],
  ['resnext50_32x4d_cifar', 'wide_resnet50_2_cifar'],
] as const)('%s with one group is %s', (name, twin) => {
  const shapes = (model: tf.LayersModel) => model.layers.map((layer) => [layer.name, layer.outputShape]);
  expect(resnext.variants[name].denseTwin).toBe(twin);
  expect(withModel(resnext, name, shapes)).toEqual(withModel(resnet, twin, shapes));
});

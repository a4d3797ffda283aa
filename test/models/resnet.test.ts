import { resnet } from '../../models/resnet';
import { useBackend } from '../../src/backends/use-backend-node';
import reference from '../fixtures/zoo-reference.json';
import { TESTED_BACKENDS } from '../support/backends';
import { dropPathRates, expectedFigures, features, figures, modules, withModel } from './family-figures';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

test.each(['resnet18', 'resnet50', 'wide_resnet50_2'] as const)(
  '%s has the counts of torchvision',
  (name) => {
    expect(figures(resnet, name)).toEqual(expectedFigures(reference.models[name]));
  },
);

// Counted in PyTorch from torchvision's network with `conv1` 3x3 at stride 1 and without `maxpool`, for 10 classes.
test.each([
  ['resnet18_cifar', { trainable: 11173962, statistics: 9600, macs: 555422720 }],
  ['resnet50_cifar', { trainable: 23520842, statistics: 53120, macs: 1297829888 }],
  ['wide_resnet50_2_cifar', { trainable: 66847050, statistics: 68224, macs: 3684388864 }],
] as const)('%s has the counts of its PyTorch form', (name, counts) => {
  expect(figures(resnet, name)).toEqual(counts);
});

describe('modules are those of torchvision', () => {
  test('resnet18: basic blocks, the first of stage 2 on projects', () => {
    const names = modules(resnet, 'resnet18');
    expect(names.slice(0, 6)).toEqual([
      'conv1',
      'bn1',
      'layer1.0.conv1',
      'layer1.0.bn1',
      'layer1.0.conv2',
      'layer1.0.bn2',
    ]);
    expect(names.filter((name) => name.includes('downsample'))).toEqual(
      [2, 3, 4].flatMap((stage) => [`layer${stage}.0.downsample.0`, `layer${stage}.0.downsample.1`]),
    );
    expect(names).toHaveLength(2 + 8 * 4 + 6 + 1);
    expect(names.at(-1)).toBe('fc');
  });

  test('resnet50: bottlenecks, the first of every stage projects', () => {
    const names = modules(resnet, 'resnet50');
    expect(names.filter((name) => name.includes('downsample.1'))).toHaveLength(4);
    expect(names.filter((name) => name.startsWith('layer1.1.'))).toEqual(
      ['conv1', 'bn1', 'conv2', 'bn2', 'conv3', 'bn3'].map((module) => `layer1.1.${module}`),
    );
    expect(names).toContain('layer3.5.bn3');
    expect(names).not.toContain('layer3.6.bn3');
  });
});

test('features are the stages, at the strides that timm gives', () => {
  expect(features(resnet, 'resnet18')).toEqual([
    ['relu', 64, 2],
    ['layer1', 64, 4],
    ['layer2', 128, 8],
    ['layer3', 256, 16],
    ['layer4', 512, 32],
  ]);
  expect(features(resnet, 'resnet50_cifar')).toEqual([
    ['layer1', 256, 1],
    ['layer2', 512, 2],
    ['layer3', 1024, 4],
    ['layer4', 2048, 8],
  ]);
});

test('drop path rises from none at the first block to all of the rate at the last', () => {
  const rates = dropPathRates(resnet, 'resnet18', 0.7);
  const blocks = ['1.0', '1.1', '2.0', '2.1', '3.0', '3.1', '4.0', '4.1'];
  expect(Object.keys(rates)).toEqual(blocks.slice(1).map((block) => `layer${block}.drop_path`));
  Object.values(rates).forEach((rate, index) => expect(rate).toBeCloseTo(0.1 * (index + 1), 10));
  expect(dropPathRates(resnet, 'resnet18', 0)).toEqual({});
});

test('drop path is on the branch, not on the shortcut', () => {
  const terms = withModel(
    resnet,
    'resnet18',
    (model) => [model.getLayer('layer2.0.add').input].flat().map((tensor) => tensor.sourceLayer.name),
    { dropPathRate: 0.5 },
  );
  expect(terms).toEqual(['layer2.0.drop_path', 'layer2.0.downsample.1']);
});

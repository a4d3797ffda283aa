import { efficientnet } from '../../models/efficientnet';
import reference from '../fixtures/zoo-reference.json';
import { dropPathRates, expectedFigures, features, figures, modules, withModel } from './family-figures';

test.each(['efficientnet_b0', 'efficientnet_b1'] as const)('%s has the counts of torchvision', (name) => {
  expect(figures(efficientnet, name)).toEqual(expectedFigures(reference.models[name]));
});

// Counted in PyTorch from torchvision's network with its first two strides 1, for 10 classes.
test('efficientnet_b0_cifar has the counts of its PyTorch form', () => {
  expect(figures(efficientnet, 'efficientnet_b0_cifar')).toEqual({
    trainable: 4020358,
    statistics: 42016,
    macs: 116167168,
  });
});

test('modules are those of torchvision', () => {
  const all = modules(efficientnet, 'efficientnet_b0');
  const block = (name: string) =>
    all.filter((module) => module.startsWith(name)).map((module) => module.slice(name.length));
  expect(all.slice(0, 2)).toEqual(['features.0.0', 'features.0.1']);
  expect(block('features.1.0.block.')).toEqual(['0.0', '0.1', '1', '2.0', '2.1']);
  expect(block('features.6.3.block.')).toEqual(['0.0', '0.1', '1.0', '1.1', '2', '3.0', '3.1']);
  expect(all.slice(-3)).toEqual(['features.8.0', 'features.8.1', 'classifier.1']);
});

test('B1 has a tenth more blocks, in each stage rounded up', () => {
  const depths = (name: 'efficientnet_b0' | 'efficientnet_b1') => {
    const all = modules(efficientnet, name);
    return [1, 2, 3, 4, 5, 6, 7].map(
      (stage) =>
        new Set(all.map((module) => RegExp(`^features\\.${stage}\\.\\d+\\.`).exec(module)?.[0])).size - 1,
    );
  };
  expect(depths('efficientnet_b0')).toEqual([1, 2, 2, 3, 3, 4, 1]);
  expect(depths('efficientnet_b1')).toEqual([2, 3, 3, 4, 4, 5, 2]);
});

test('gates squeeze to a quarter of the channels that come in', () => {
  withModel(efficientnet, 'efficientnet_b0', (model) => {
    const gates = model.layers.filter((layer) => layer.getClassName() === 'SqueezeExcite');
    expect(gates.map((gate) => gate.getConfig().squeezeChannels)).toEqual([
      8, 4, 6, 6, 10, 10, 20, 20, 20, 28, 28, 28, 48, 48, 48, 48,
    ]);
    for (const gate of gates) expect(gate.getConfig()).toMatchObject({ activation: 'silu', gate: 'sigmoid' });
  });
});

test('features are the deepest stages at the strides that timm gives', () => {
  expect(features(efficientnet, 'efficientnet_b0')).toEqual([
    ['features.1', 16, 2],
    ['features.2', 24, 4],
    ['features.3', 40, 8],
    ['features.5', 112, 16],
    ['features.7', 320, 32],
  ]);
  expect(features(efficientnet, 'efficientnet_b0_cifar')).toEqual([
    ['features.2', 24, 1],
    ['features.3', 40, 2],
    ['features.5', 112, 4],
    ['features.7', 320, 8],
  ]);
});

// torchvision: the rate of block i of n is i / n of the whole, so that even the last one has a little less.
test('drop path rises by the block', () => {
  const rates = dropPathRates(efficientnet, 'efficientnet_b0', 0.16);
  const added = {
    '2.1': 2,
    '3.1': 4,
    '4.1': 6,
    '4.2': 7,
    '5.1': 9,
    '5.2': 10,
    '6.1': 12,
    '6.2': 13,
    '6.3': 14,
  };
  expect(Object.keys(rates)).toEqual(Object.keys(added).map((block) => `features.${block}.stochastic_depth`));
  Object.values(added).forEach((block, index) =>
    expect(Object.values(rates)[index]).toBeCloseTo(block / 100, 10),
  );
});

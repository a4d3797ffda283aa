import { mobilenetV3 } from '../../models/mobilenet-v3';
import reference from '../fixtures/zoo-reference.json';
import { expectedFigures, features, figures, modules, withModel } from './family-figures';

test.each(['mobilenet_v3_small', 'mobilenet_v3_large'] as const)(
  '%s has the counts of torchvision',
  (name) => {
    expect(figures(mobilenetV3, name)).toEqual(expectedFigures(reference.models[name]));
  },
);

// Counted in PyTorch from torchvision's network with its `width_mult`; the CIFAR forms with their first two strides 1, the toy
// with its rows.
test.each([
  ['mobilenet_v3_small_x0_75', { trainable: 1653920, statistics: 9200, macs: 39115576 }],
  ['mobilenet_v3_large_x0_75', { trainable: 3377576, statistics: 18416, macs: 140033816 }],
  ['mobilenet_v3_small_cifar', { trainable: 1528106, statistics: 12112, macs: 17507328 }],
  ['mobilenet_v3_large_cifar', { trainable: 4214842, statistics: 24400, macs: 66459008 }],
  ['mobilenet_v3_toy', { trainable: 135946, statistics: 4080, macs: 6478080 }],
] as const)('%s has the counts of its PyTorch form', (name, counts) => {
  expect(figures(mobilenetV3, name)).toEqual(counts);
});

describe('modules are those of torchvision', () => {
  const block = (index: number) =>
    modules(mobilenetV3, 'mobilenet_v3_large')
      .filter((name) => name.startsWith(`features.${index}.block.`))
      .map((name) => name.slice(`features.${index}.block.`.length));

  test('with and without expansion and gate', () => {
    expect(block(1)).toEqual(['0.0', '0.1', '1.0', '1.1']);
    expect(block(2)).toEqual(['0.0', '0.1', '1.0', '1.1', '2.0', '2.1']);
    expect(block(4)).toEqual(['0.0', '0.1', '1.0', '1.1', '2', '3.0', '3.1']);
  });

  test('stem and head', () => {
    const all = modules(mobilenetV3, 'mobilenet_v3_small');
    expect(all.slice(0, 5)).toEqual([
      'features.0.0',
      'features.0.1',
      'features.1.block.0.0',
      'features.1.block.0.1',
      'features.1.block.1',
    ]);
    expect(all.slice(-4)).toEqual(['features.12.0', 'features.12.1', 'classifier.0', 'classifier.3']);
  });
});

test('gates squeeze to a quarter of the channels inside, in eights, and are hard', () => {
  withModel(mobilenetV3, 'mobilenet_v3_large', (model) => {
    const gates = model.layers.filter((layer) => layer.getClassName() === 'SqueezeExcite');
    expect(gates.map((gate) => gate.getConfig().squeezeChannels)).toEqual([
      24, 32, 32, 120, 168, 168, 240, 240,
    ]);
    for (const gate of gates) {
      expect(gate.getConfig()).toMatchObject({ activation: 'relu', gate: 'hardSigmoid' });
    }
  });
});

test('norms have the epsilon and the momentum of torchvision', () => {
  withModel(mobilenetV3, 'mobilenet_v3_small', (model) => {
    const norms = model.layers.filter((layer) => layer.getClassName() === 'BatchNormalization');
    expect(norms).toHaveLength(34);
    for (const norm of norms) expect(norm.getConfig()).toMatchObject({ epsilon: 1e-3, momentum: 0.99 });
  });
});

test('dropout is within the classifier', () => {
  const layers = withModel(
    mobilenetV3,
    'mobilenet_v3_small',
    (model) => model.layers.slice(-4).map((layer) => [layer.name, layer.getClassName()]),
    { dropRate: 0.2 },
  );
  expect(layers).toEqual([
    ['classifier.0', 'Dense'],
    ['classifier.1', 'HardSwish'],
    ['classifier.2', 'Dropout'],
    ['classifier.3', 'Dense'],
  ]);
});

test('features are the deepest modules at the strides that timm gives', () => {
  expect(features(mobilenetV3, 'mobilenet_v3_large')).toEqual([
    ['features.1', 16, 2],
    ['features.3', 24, 4],
    ['features.6', 40, 8],
    ['features.12', 112, 16],
    ['features.16', 960, 32],
  ]);
  expect(features(mobilenetV3, 'mobilenet_v3_small')).toEqual([
    ['features.0', 16, 2],
    ['features.1', 16, 4],
    ['features.3', 24, 8],
    ['features.8', 48, 16],
    ['features.12', 576, 32],
  ]);
  expect(features(mobilenetV3, 'mobilenet_v3_small_cifar').map(([, , stride]) => stride)).toEqual([
    1, 2, 4, 8,
  ]);
  expect(features(mobilenetV3, 'mobilenet_v3_toy')).toEqual([
    ['features.4', 24, 2],
    ['features.6', 40, 4],
    ['features.9', 288, 8],
  ]);
});

import { mobilenetV2 } from '../../models/mobilenet-v2';
import reference from '../fixtures/zoo-reference.json';
import { dropPathRates, expectedFigures, features, figures, modules } from './family-figures';

test('mobilenet_v2 has the counts of torchvision', () => {
  expect(figures(mobilenetV2, 'mobilenet_v2')).toEqual(expectedFigures(reference.models.mobilenet_v2));
});

// Counted in PyTorch from torchvision's network with its `width_mult`; the CIFAR form with its first two strides 1, the toy with
// its stages and head.
test.each([
  ['mobilenet_v2_x0_5', { trainable: 1968680, statistics: 18544, macs: 97131840 }],
  ['mobilenet_v2_x0_75', { trainable: 2636424, statistics: 26640, macs: 209069792 }],
  ['mobilenet_v2_x1_4', { trainable: 6108776, statistics: 47936, macs: 582195824 }],
  ['mobilenet_v2_cifar', { trainable: 2236682, statistics: 34112, macs: 87976448 }],
  ['mobilenet_v2_toy', { trainable: 141450, statistics: 5968, macs: 6410752 }],
] as const)('%s has the counts of its PyTorch form', (name, counts) => {
  expect(figures(mobilenetV2, name)).toEqual(counts);
});

test('modules are those of torchvision: the first block does not expand, the others do', () => {
  const all = modules(mobilenetV2, 'mobilenet_v2');
  const block = (index: number, ...names: string[]) => names.map((name) => `features.${index}.conv.${name}`);
  expect(all).toEqual([
    'features.0.0',
    'features.0.1',
    ...block(1, '0.0', '0.1', '1', '2'),
    ...Array.from({ length: 16 }, (_, i) => block(i + 2, '0.0', '0.1', '1.0', '1.1', '2', '3')).flat(),
    'features.18.0',
    'features.18.1',
    'classifier.1',
  ]);
});

test('features are the deepest blocks at the strides that timm gives', () => {
  expect(features(mobilenetV2, 'mobilenet_v2')).toEqual([
    ['features.1', 16, 2],
    ['features.3', 24, 4],
    ['features.6', 32, 8],
    ['features.13', 96, 16],
    ['features.17', 320, 32],
  ]);
  expect(features(mobilenetV2, 'mobilenet_v2_cifar')).toEqual([
    ['features.3', 24, 1],
    ['features.6', 32, 2],
    ['features.13', 96, 4],
    ['features.17', 320, 8],
  ]);
  expect(features(mobilenetV2, 'mobilenet_v2_toy')).toEqual([
    ['features.2', 24, 2],
    ['features.5', 32, 4],
    ['features.7', 64, 8],
  ]);
});

test('drop path is on the branches that are added, at rates that rise by the block', () => {
  const rates = dropPathRates(mobilenetV2, 'mobilenet_v2', 0.17);
  // Of 17 blocks, the seven that begin a stage add nothing.
  const added = [3, 5, 6, 8, 9, 10, 12, 13, 15, 16];
  expect(Object.keys(rates)).toEqual(added.map((block) => `features.${block}.stochastic_depth`));
  Object.values(rates).forEach((rate, index) => expect(rate).toBeCloseTo((added[index] - 1) / 100, 10));
});

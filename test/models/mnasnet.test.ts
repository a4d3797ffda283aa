import { mnasnet } from '../../models/mnasnet';
import reference from '../fixtures/zoo-reference.json';
import { dropPathRates, expectedFigures, features, figures, modules, withModel } from './family-figures';

test.each(['mnasnet0_5', 'mnasnet1_0'] as const)('%s has the counts of torchvision', (name) => {
  expect(figures(mnasnet, name)).toEqual(expectedFigures(reference.models[name]));
});

// Counted from torchvision's built modules.
test.each([
  ['mnasnet0_75', { trainable: 3170208, statistics: 29808, macs: 215493104 }],
  ['mnasnet1_3', { trainable: 6282256, statistics: 48816, macs: 526362432 }],
] as const)('%s has the counts of torchvision', (name, counts) => {
  expect(figures(mnasnet, name)).toEqual(counts);
});

test('modules are those of torchvision', () => {
  const row = (prefix: string, ...numbers: number[]) => numbers.map((number) => `${prefix}layers.${number}`);
  const stages = [3, 3, 3, 2, 4, 1].flatMap((depth, stage) =>
    Array.from({ length: depth }, (_, index) => row(`layers.${stage + 8}.${index}.`, 0, 1, 3, 4, 6, 7)),
  );
  expect(modules(mnasnet, 'mnasnet1_0')).toEqual([
    ...row('', 0, 1, 3, 4, 6, 7),
    ...stages.flat(),
    ...row('', 14, 15),
    'classifier.1',
  ]);
});

test('norms have the momentum of torchvision', () => {
  withModel(mnasnet, 'mnasnet0_5', (model) => {
    const norms = model.layers.filter((layer) => layer.getClassName() === 'BatchNormalization');
    expect(norms).toHaveLength(52);
    for (const norm of norms) expect(norm.getConfig()).toMatchObject({ epsilon: 1e-5, momentum: 0.9997 });
  });
});

test('features are the deepest modules at the strides that timm gives', () => {
  expect(features(mnasnet, 'mnasnet1_0')).toEqual([
    ['layers.7', 16, 2],
    ['layers.8', 24, 4],
    ['layers.9', 40, 8],
    ['layers.11', 96, 16],
    ['layers.13', 320, 32],
  ]);
});

test('drop path rises by the block', () => {
  const rates = dropPathRates(mnasnet, 'mnasnet1_0', 0.16);
  expect(Object.keys(rates)).toHaveLength(10);
  expect(rates['layers.8.1.stochastic_depth']).toBeCloseTo(0.01, 10);
  expect(rates['layers.12.3.stochastic_depth']).toBeCloseTo(0.14, 10);
});

import { seResnext } from '../../models/se-resnext';
import { useBackend } from '../../src/backends/use-backend-node';
import { inspectModel } from '../../src/inspect/inspect-model';
import reference from '../fixtures/zoo-reference.json';
import { TESTED_BACKENDS } from '../support/backends';
import { dropPathRates, features, figures, modules, withModel } from './family-figures';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

test('has the counts of timm', () => {
  expect(figures(seResnext, 'seresnext50_32x4d')).toEqual({
    trainable: reference.models.seresnext50_32x4d.trainable_params,
    statistics: reference.models.resnext50_32x4d.bn_statistics,
    // Counted in PyTorch.
    macs: 4232994816,
  });
});

test('has the squeeze and excitation at the end of the branch, into a sixteenth', () => {
  expect(modules(seResnext, 'seresnext50_32x4d').filter((name) => name.startsWith('layer1.1.'))).toEqual(
    ['conv1', 'bn1', 'conv2', 'bn2', 'conv3', 'bn3', 'se'].map((module) => `layer1.1.${module}`),
  );
  withModel(seResnext, 'seresnext50_32x4d', (model) => {
    const gates = model.getLayer('layer4.2.se');
    expect(gates.weights.map((weight) => [weight.originalName, weight.shape])).toEqual([
      ['layer4.2.se/fc1/kernel', [1, 1, 2048, 128]],
      ['layer4.2.se/fc1/bias', [128]],
      ['layer4.2.se/fc2/kernel', [1, 1, 128, 2048]],
      ['layer4.2.se/fc2/bias', [2048]],
    ]);
    expect(inspectModel(model).uncounted).toEqual([]);
  });
});

test('drops the branch after its gates', () => {
  const readers = withModel(
    seResnext,
    'seresnext50_32x4d',
    (model) => [model.getLayer('layer2.0.drop_path').input].flat().map((tensor) => tensor.sourceLayer.name),
    { dropPathRate: 0.1 },
  );
  expect(readers).toEqual(['layer2.0.se']);
  expect(Object.keys(dropPathRates(seResnext, 'seresnext50_32x4d', 0.1))).toHaveLength(15);
});

test('features are the stages', () => {
  expect(features(seResnext, 'seresnext50_32x4d').slice(1)).toEqual([
    ['layer1', 256, 4],
    ['layer2', 512, 8],
    ['layer3', 1024, 16],
    ['layer4', 2048, 32],
  ]);
});

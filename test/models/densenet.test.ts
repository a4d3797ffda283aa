import { densenet } from '../../models/densenet';
import { useBackend } from '../../src/backends/use-backend-node';
import reference from '../fixtures/zoo-reference.json';
import { TESTED_BACKENDS } from '../support/backends';
import { expectedFigures, features, figures, modules, withModel } from './family-figures';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

test('has the counts of torchvision', () => {
  expect(figures(densenet, 'densenet121')).toEqual(expectedFigures(reference.models.densenet121));
});

describe('modules are those of torchvision', () => {
  test('in their order: a norm comes before its convolution', () => {
    const names = modules(densenet, 'densenet121');
    const layer = (name: string) =>
      ['norm1', 'conv1', 'norm2', 'conv2'].map((module) => `features.denseblock1.${name}.${module}`);
    expect(names.slice(0, 10)).toEqual([
      'features.conv0',
      'features.norm0',
      ...layer('denselayer1'),
      ...layer('denselayer2'),
    ]);
    expect(names.filter((name) => name.includes('transition1'))).toEqual([
      'features.transition1.norm',
      'features.transition1.conv',
    ]);
    expect(names.slice(-2)).toEqual(['features.norm5', 'classifier']);
    expect(names).toContain('features.denseblock3.denselayer24.conv2');
    expect(names).toContain('features.denseblock4.denselayer16.conv2');
  });

  test('three transitions, none after the last block', () => {
    const transitions = modules(densenet, 'densenet121').filter((name) => /transition\d\.conv/.test(name));
    expect(transitions).toHaveLength(3);
  });
});

test('each layer adds 32 channels after those that it received', () => {
  withModel(densenet, 'densenet121', (model) => {
    const concat = model.getLayer('features.denseblock2.denselayer3.concat');
    const parts = concat.input as unknown as { sourceLayer: { name: string } }[];
    expect(parts.map(({ sourceLayer }) => sourceLayer.name)).toEqual([
      'features.denseblock2.denselayer2.concat',
      'features.denseblock2.denselayer3.conv2',
    ]);
    expect(concat.outputShape).toEqual([null, 28, 28, 128 + 3 * 32]);
  });
});

test('an odd row or column is left out by a transition', () => {
  // In PyTorch: 97 -> 49 -> 25 -> 12 -> 6 -> 3 and 65 -> 33 -> 17 -> 8 -> 4 -> 2.
  const shape = withModel(densenet, 'densenet121', (model) => model.getLayer('features.norm5').outputShape, {
    inputShape: [97, 65, 3],
  });
  expect(shape).toEqual([null, 3, 2, 1024]);
});

test('features are the blocks, before the transitions, and the last norm', () => {
  expect(features(densenet, 'densenet121')).toEqual([
    ['features.relu0', 64, 2],
    ['features.denseblock1', 256, 4],
    ['features.denseblock2', 512, 8],
    ['features.denseblock3', 1024, 16],
    ['features.norm5', 1024, 32],
  ]);
});

import { efficientnetV2 } from '../../models/efficientnet-v2';
import reference from '../fixtures/zoo-reference.json';
import { dropPathRates, expectedFigures, features, figures, modules, withModel } from './family-figures';

const NAME = 'efficientnet_v2_s';

test('it has the counts of torchvision', () => {
  expect(figures(efficientnetV2, NAME)).toEqual(expectedFigures(reference.models[NAME]));
});

test('modules are those of torchvision', () => {
  const all = modules(efficientnetV2, NAME);
  const block = (name: string) =>
    all.filter((module) => module.startsWith(name)).map((module) => module.slice(name.length));
  expect(all.slice(0, 2)).toEqual(['features.0.0', 'features.0.1']);
  // Fused, without and with expansion, and an inverted residual.
  expect(block('features.1.1.block.')).toEqual(['0.0', '0.1']);
  expect(block('features.3.0.block.')).toEqual(['0.0', '0.1', '1.0', '1.1']);
  expect(block('features.6.14.block.')).toEqual(['0.0', '0.1', '1.0', '1.1', '2', '3.0', '3.1']);
  expect(all.slice(-3)).toEqual(['features.7.0', 'features.7.1', 'classifier.1']);
});

test('a fused block has one dense convolution, and an activation before the sum where nothing expands', () => {
  withModel(efficientnetV2, NAME, (model) => {
    const terms = (name: string) => [model.getLayer(name).input].flat().map((x) => x.sourceLayer.name);
    expect(terms('features.1.0.add')).toEqual(['features.1.0.block.0.2', 'features.0.2']);
    expect(terms('features.2.1.add')).toEqual(['features.2.1.block.1.1', 'features.2.0.block.1.1']);
    const convolution = model.getLayer('features.2.1.block.0.0').getConfig();
    expect(convolution).toMatchObject({ groups: 1, kernelSize: [3, 3], filters: 4 * 48 });
  });
});

test('norms have the epsilon of torchvision', () => {
  withModel(efficientnetV2, NAME, (model) => {
    const norms = model.layers.filter((layer) => layer.getClassName() === 'BatchNormalization');
    expect(norms).toHaveLength(110);
    for (const norm of norms) expect(norm.getConfig()).toMatchObject({ epsilon: 1e-3, momentum: 0.9 });
  });
});

test('features are the deepest stages at the strides that timm gives', () => {
  expect(features(efficientnetV2, NAME)).toEqual([
    ['features.1', 24, 2],
    ['features.2', 48, 4],
    ['features.3', 64, 8],
    ['features.5', 160, 16],
    ['features.6', 256, 32],
  ]);
});

test('drop path rises by the block, in fused blocks too', () => {
  const rates = dropPathRates(efficientnetV2, NAME, 0.4);
  expect(Object.keys(rates)).toHaveLength(34);
  expect(rates['features.1.1.stochastic_depth']).toBeCloseTo(0.01, 10);
  expect(rates['features.6.14.stochastic_depth']).toBeCloseTo(0.39, 10);
});

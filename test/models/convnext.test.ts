import { convnext } from '../../models/convnext';
import reference from '../fixtures/zoo-reference.json';
import { dropPathRates, expectedFigures, features, figures, withModel } from './family-figures';

const NAME = 'convnext_tiny';

test('it has the counts of torchvision', () => {
  expect(figures(convnext, NAME)).toEqual(expectedFigures(reference.models[NAME]));
});

test('weights are those of torchvision', () => {
  withModel(convnext, NAME, (model) => {
    const shapes = new Map(model.weights.map(({ originalName, shape }) => [originalName, shape]));
    const within = (prefix: string) =>
      [...shapes]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, shape]) => [name.slice(prefix.length), shape]);
    expect(within('features.0.')).toEqual([
      ['0/kernel', [4, 4, 3, 96]],
      ['0/bias', [96]],
      ['1/gamma', [96]],
      ['1/beta', [96]],
    ]);
    expect(within('features.3.2')).toEqual([
      ['.block.0/kernel', [7, 7, 1, 192]],
      ['.block.0/bias', [192]],
      ['.block.2/gamma', [192]],
      ['.block.2/beta', [192]],
      ['.block.3/kernel', [192, 768]],
      ['.block.3/bias', [768]],
      ['.block.5/kernel', [768, 192]],
      ['.block.5/bias', [192]],
      ['/layer_scale', [192]],
    ]);
    expect(within('features.6.')).toEqual([
      ['0/gamma', [384]],
      ['0/beta', [384]],
      ['1/kernel', [2, 2, 384, 768]],
      ['1/bias', [768]],
    ]);
    expect(within('classifier.')).toEqual([
      ['0/gamma', [768]],
      ['0/beta', [768]],
      ['2/kernel', [768, 1000]],
      ['2/bias', [1000]],
    ]);
    expect(shapes.size).toBe(182);
  });
});

test('norms are over the channels, with the epsilon of torchvision', () => {
  withModel(convnext, NAME, (model) => {
    const norms = model.layers.filter((layer) => layer.getClassName() === 'LayerNormalization');
    expect(norms).toHaveLength(23);
    for (const norm of norms) {
      expect(norm.getConfig()).toMatchObject({ epsilon: 1e-6, axis: [norm.outputShape.length - 1] });
    }
  });
});

test('features are the stages, at the strides that timm gives', () => {
  expect(features(convnext, NAME)).toEqual([
    ['features.1', 96, 4],
    ['features.3', 192, 8],
    ['features.5', 384, 16],
    ['features.7', 768, 32],
  ]);
});

test('drop path rises from none at the first block to all of the rate at the last', () => {
  const rates = dropPathRates(convnext, NAME, 0.17);
  expect(Object.keys(rates)).toHaveLength(17);
  expect(rates['features.1.1.stochastic_depth']).toBeCloseTo(0.01, 10);
  expect(rates['features.7.2.stochastic_depth']).toBeCloseTo(0.17, 10);
});

import * as tf from '@tensorflow/tfjs';
import { shufflenetV2 } from '../../models/shufflenet-v2';
import { useBackend } from '../../src/backends/use-backend-node';
import reference from '../fixtures/zoo-reference.json';
import { TESTED_BACKENDS } from '../support/backends';
import { expectedFigures, features, figures, modules, withModel } from './family-figures';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

test.each(['shufflenet_v2_x0_5', 'shufflenet_v2_x1_0', 'shufflenet_v2_x1_5', 'shufflenet_v2_x2_0'] as const)(
  '%s has the counts of torchvision',
  (name) => {
    expect(figures(shufflenetV2, name)).toEqual(expectedFigures(reference.models[name]));
  },
);

test('shufflenet_v2_x1_0_cifar has the counts of the reference', () => {
  const { trainable_params, bn_statistics, macs_32 } = reference.cifar_models.shufflenet_v2_x1_0_cifar;
  expect(figures(shufflenetV2, 'shufflenet_v2_x1_0_cifar')).toEqual({
    trainable: trainable_params,
    statistics: bn_statistics,
    macs: macs_32,
  });
});

test('shufflenet_v2_toy has the counts of its PyTorch form', () => {
  // Counted in PyTorch from torchvision's network with these depths and widths, its stem at stride 1 and no pooling.
  const counts = { trainable: 137522, statistics: 3996, macs: 6506656 };
  expect(figures(shufflenetV2, 'shufflenet_v2_toy')).toEqual(counts);
});

test('modules are those of torchvision: only the first unit of a stage has a first branch', () => {
  const branch = (unit: string, which: 1 | 2) =>
    (which === 1 ? [0, 1, 2, 3] : [0, 1, 3, 4, 5, 6]).map((number) => `${unit}.branch${which}.${number}`);
  const stages = [4, 8, 4].flatMap((depth, stage) =>
    Array.from({ length: depth }, (_, index) => [
      ...(index === 0 ? branch(`stage${stage + 2}.0`, 1) : []),
      ...branch(`stage${stage + 2}.${index}`, 2),
    ]),
  );
  const all = modules(shufflenetV2, 'shufflenet_v2_x1_0');
  expect(new Set(all)).toEqual(new Set(['conv1.0', 'conv1.1', ...stages.flat(), 'conv5.0', 'conv5.1', 'fc']));
  expect(all).toHaveLength(2 + stages.flat().length + 3);
});

test('a unit passes its first channels on untouched, to every other channel', () => {
  withModel(
    shufflenetV2,
    'shufflenet_v2_x0_5',
    (model) => {
      const inner = ['stage2.0.shuffle', 'stage2.1.branch2.7', 'stage2.1.shuffle'];
      const outputs = inner.map((name) => model.getLayer(name).output as tf.SymbolicTensor);
      const probe = tf.model({ inputs: model.inputs, outputs });
      tf.tidy(() => {
        // Weights that differ, so that each channel is told from the others.
        model.setWeights(
          model.weights.map(({ originalName, shape }, seed) =>
            tf.randomUniform(
              shape as number[],
              originalName.endsWith('moving_variance') ? 0.5 : -1,
              1.5,
              'float32',
              seed + 1,
            ),
          ),
        );
        const x = tf.randomNormal([1, 32, 32, 3], 0, 1, 'float32', 5);
        const [before, filtered, after] = (probe.predict(x) as tf.Tensor[]).map((one) => [
          ...one.slice([0, 1, 2, 0], [1, 1, 1, -1]).dataSync(),
        ]);
        expect(new Set(before.slice(0, 24)).size).toBeGreaterThan(10);
        expect(after.filter((_, channel) => channel % 2 === 0)).toEqual(before.slice(0, 24));
        expect(after.filter((_, channel) => channel % 2 === 1)).toEqual(filtered);
      });
    },
    { inputShape: [32, 32, 3] },
  );
});

test('features are stem, pooling and stages', () => {
  expect(features(shufflenetV2, 'shufflenet_v2_x1_0')).toEqual([
    ['conv1', 24, 2],
    ['maxpool', 24, 4],
    ['stage2', 116, 8],
    ['stage3', 232, 16],
    ['stage4', 464, 32],
  ]);
  expect(features(shufflenetV2, 'shufflenet_v2_x1_0_cifar')).toEqual([
    ['conv1', 24, 1],
    ['stage2', 116, 2],
    ['stage3', 232, 4],
    ['stage4', 464, 8],
  ]);
});

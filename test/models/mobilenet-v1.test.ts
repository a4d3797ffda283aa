import { mobilenetV1 } from '../../models/mobilenet-v1';
import reference from '../fixtures/zoo-reference.json';
import { features, figures, modules, withModel } from './family-figures';

// Keras's, which are timm's too.
test('mobilenet_v1 has the counts of the reference', () => {
  const {
    trainable_params: trainable,
    bn_statistics: statistics,
    macs_224: macs,
  } = reference.models.mobilenet_v1;
  expect(figures(mobilenetV1, 'mobilenet_v1')).toEqual({ trainable, statistics, macs });
});

// Counted in PyTorch from timm's network with its channel multiplier; the CIFAR form with a stem of stride 1.
test.each([
  ['mobilenet_v1_x0_25', { trainable: 470072, statistics: 5472, macs: 41030272 }],
  ['mobilenet_v1_x0_5', { trainable: 1331592, statistics: 10944, macs: 149497088 }],
  ['mobilenet_v1_x0_75', { trainable: 2585560, statistics: 16416, macs: 325400448 }],
  ['mobilenet_v1_cifar', { trainable: 3217226, statistics: 21888, macs: 46354432 }],
] as const)('%s has the counts of its PyTorch form', (name, counts) => {
  expect(figures(mobilenetV1, name)).toEqual(counts);
});

test('modules are those of timm', () => {
  const block = (name: string) => ['conv_dw', 'bn1', 'conv_pw', 'bn2'].map((module) => `${name}.${module}`);
  const blocks = [1, 2, 2, 6, 2].flatMap((depth, stage) =>
    Array.from({ length: depth }, (_, index) => `blocks.${stage}.${index}`),
  );
  expect(modules(mobilenetV1, 'mobilenet_v1')).toEqual([
    'conv_stem',
    'bn1',
    ...blocks.flatMap(block),
    'classifier',
  ]);
});

test('an activation after each convolution: ReLU6, in the toy ReLU', () => {
  for (const [name, maxValue] of [
    ['mobilenet_v1', 6],
    ['mobilenet_toy', undefined],
  ] as const) {
    withModel(mobilenetV1, name, (model) => {
      const activations = model.layers.filter((layer) => layer.getClassName() === 'ReLU');
      expect(activations).toHaveLength(name === 'mobilenet_v1' ? 27 : 9);
      for (const layer of activations) expect(layer.getConfig().maxValue).toBe(maxValue);
    });
  }
});

test('features are the stages, at the strides that timm gives', () => {
  expect(features(mobilenetV1, 'mobilenet_v1')).toEqual([
    ['blocks.0', 64, 2],
    ['blocks.1', 128, 4],
    ['blocks.2', 256, 8],
    ['blocks.3', 512, 16],
    ['blocks.4', 1024, 32],
  ]);
  expect(features(mobilenetV1, 'mobilenet_v1_cifar').map(([, , stride]) => stride)).toEqual([1, 2, 4, 8, 16]);
});

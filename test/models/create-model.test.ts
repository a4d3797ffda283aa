import * as tf from '@tensorflow/tfjs';
import { type ModelName, createModel, isModelName, listModels, modelInfo } from '../../models';
import { CIFAR, IMAGENET } from '../../models/family';
import { globToRegExp } from '../../models/glob';
import { layerSeed } from '../../models/layer-seed';
import { preprocessing, sourceOf } from '../../models/preprocessing';
import { useBackend } from '../../src/backends/use-backend-node';
import { inspectModel } from '../../src/inspect/inspect-model';
import { TESTED_BACKENDS } from '../support/backends';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

/** The names of the layers that have weights, which are PyTorch's modules. */
function modules(name: ModelName): string[] {
  const model = createModel(name, { initialise: false });
  const names = model.layers.filter((layer) => layer.weights.length > 0).map((layer) => layer.name);
  model.dispose();
  return names;
}

describe('names of layers are those of PyTorch modules', () => {
  test('a ResNeXt block that projects, and one that does not', () => {
    const names = modules('resnext29_8x4d');
    const block = (prefix: string) =>
      names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    expect(new Set(block('layer2.0.'))).toEqual(
      new Set(['conv1', 'bn1', 'conv2', 'bn2', 'conv3', 'bn3', 'downsample.0', 'downsample.1']),
    );
    expect(block('layer2.1.')).toEqual(['conv1', 'bn1', 'conv2', 'bn2', 'conv3', 'bn3']);
    expect(names.filter((name) => !name.startsWith('layer'))).toEqual(['conv1', 'bn1', 'fc']);
  });

  test('ResNet-18 projects in the first block of each stage but the first', () => {
    expect(modules('resnet18_cifar').filter((name) => name.includes('downsample.0'))).toEqual([
      'layer2.0.downsample.0',
      'layer3.0.downsample.0',
      'layer4.0.downsample.0',
    ]);
  });

  test('MobileNet V2', () => {
    const names = modules('mobilenet_v2_cifar');
    expect(names.slice(0, 12)).toEqual([
      'features.0.0',
      'features.0.1',
      'features.1.conv.0.0',
      'features.1.conv.0.1',
      'features.1.conv.1',
      'features.1.conv.2',
      'features.2.conv.0.0',
      'features.2.conv.0.1',
      'features.2.conv.1.0',
      'features.2.conv.1.1',
      'features.2.conv.2',
      'features.2.conv.3',
    ]);
    expect(names.slice(-3)).toEqual(['features.18.0', 'features.18.1', 'classifier.1']);
  });
});

describe('what the layers are', () => {
  /** Names and classes of a block's layers in the order of the forward pass, and what its sum adds. */
  function block(name: ModelName, prefix: string) {
    const model = createModel(name, { initialise: false });
    const layers = model.layers.filter((layer) => layer.name.startsWith(prefix));
    const sum = layers.find((layer) => layer.getClassName() === 'Add');
    const terms = sum === undefined ? [] : [sum.input].flat().map((tensor) => tensor.sourceLayer.name);
    model.dispose();
    return [layers.map((layer) => layer.name.slice(prefix.length)), terms];
  }

  test('a ResNeXt block: the activation comes after the sum, which takes the input as it is', () => {
    expect(block('resnext29_8x4d', 'layer2.1.')).toEqual([
      ['conv1', 'bn1', 'relu1', 'conv2', 'bn2', 'relu2', 'conv3', 'bn3', 'add', 'relu3'],
      ['layer2.1.bn3', 'layer2.0.relu3'],
    ]);
    expect(block('resnext29_8x4d', 'layer2.0.')[1]).toEqual(['layer2.0.bn3', 'layer2.0.downsample.1']);
  });

  test('a basic block', () => {
    expect(block('resnet18_cifar', 'layer1.1.')).toEqual([
      ['conv1', 'bn1', 'relu1', 'conv2', 'bn2', 'add', 'relu2'],
      ['layer1.1.bn2', 'layer1.0.relu2'],
    ]);
  });

  test('a MobileNet V2 block: no activation after the last convolution, nor after the sum', () => {
    expect(block('mobilenet_v2_cifar', 'features.3.')).toEqual([
      ['conv.0.0', 'conv.0.1', 'conv.0.2', 'conv.1.0', 'conv.1.1', 'conv.1.2', 'conv.2', 'conv.3', 'add'],
      ['features.3.conv.3', 'features.2.conv.3'],
    ]);
    expect(block('mobilenet_v2_cifar', 'features.4.')[1]).toEqual([]);
  });

  test('a MobileNet V1 block', () => {
    expect(block('mobilenet_v1_cifar', 'blocks.1.0.')[0]).toEqual([
      'conv_dw',
      'bn1',
      'act1',
      'conv_pw',
      'bn2',
      'act2',
    ]);
  });

  // Where torchvision's networks depart from PyTorch's default batch norm: epsilon, and 1 minus its momentum.
  const NORMS: readonly (readonly [RegExp, number, number])[] = [
    [/^airbench/, 1e-12, 0.6],
    [/^efficientnet_v2/, 1e-3, 0.9],
    [/^mnasnet/, 1e-5, 0.9997],
    [/^mobilenet_v3/, 1e-3, 0.99],
    [/./, 1e-5, 0.9],
  ];
  // These have convolutions with biases, of which some do not pad; their logits are compared with torchvision's.
  const UNUSUAL = /^(airbench|convnext|squeezenet)/;

  // Keras's 'same' pads only the end where the stride is 2, and logits would then not be PyTorch's.
  test.each(listModels())('%s pads and normalises as PyTorch does', (name) => {
    const model = createModel(name, { initialise: false });
    const [, ...norm] = NORMS.find(([pattern]) => pattern.test(name)) as (typeof NORMS)[number];
    for (const layer of model.layers) {
      const config = layer.getConfig() as Record<string, unknown>;
      if (layer.getClassName() === 'GroupedConv2D' && !UNUSUAL.test(name)) {
        const { kernelSize, padding, useBias } = config;
        const half = ((kernelSize as number[])[0] - 1) / 2;
        expect([layer.name, padding, useBias]).toEqual([layer.name, half, false]);
      }
      if (layer.getClassName() === 'BatchNormalization') {
        expect([config.epsilon, config.momentum]).toEqual(norm);
      }
    }
    model.dispose();
  });
});

describe('options', () => {
  test('numClasses and inputShape change the ends alone', () => {
    const model = createModel('resnext_toy', { numClasses: 3, inputShape: [20, 28, 1] });
    expect(model.inputs[0].shape).toEqual([null, 20, 28, 1]);
    const logits = tf.tidy(() => model.predict(tf.zeros([2, 20, 28, 1])) as tf.Tensor);
    expect(logits.shape).toEqual([2, 3]);
    logits.dispose();
    model.dispose();
  });

  test('implementation reaches every convolution', () => {
    const model = createModel('mobilenet_toy', { implementation: 'split-concat' });
    const convolutions = model.layers.filter((layer) => layer.getClassName() === 'GroupedConv2D');
    expect(convolutions).toHaveLength(9);
    for (const layer of convolutions) expect(layer.getConfig().implementation).toBe('split-concat');
    model.dispose();
  });

  test('dropRate puts dropout before the classifier and changes nothing else', () => {
    const model = createModel('mobilenet_v2_cifar', { dropRate: 0.2, initialise: false });
    const [dropout, classifier] = model.layers.slice(-2);
    expect([dropout.name, dropout.getClassName(), dropout.getConfig().rate]).toEqual([
      'classifier.0',
      'Dropout',
      0.2,
    ]);
    expect(classifier.name).toBe('classifier.1');
    expect(inspectModel(model).params).toEqual(modelInfo('mobilenet_v2_cifar').params);
    model.dispose();
  });

  test('kernels begin He-normal by fan-out, each from its own draw', () => {
    const model = createModel('resnext29_8x4d', { seed: 1 });
    const kernel = (name: string) => model.getLayer(name).getWeights()[0].dataSync();
    const deviation = (values: ArrayLike<number>) =>
      Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0) / values.length);
    // 3x3, 128 filters in 8 groups: 18,432 values, so the deviation is known to about a half per cent.
    expect(deviation(kernel('layer3.1.conv2')) / Math.sqrt(2 / (9 * 128))).toBeCloseTo(1, 1);
    expect(deviation(kernel('layer3.1.conv3')) / Math.sqrt(2 / 1024)).toBeCloseTo(1, 1);
    expect(kernel('layer3.1.conv2')).not.toEqual(kernel('layer3.2.conv2'));
    // The classifier: uniform within 1 / sqrt(1024 features).
    expect(Math.max(...kernel('fc').map(Math.abs)) * 32).toBeCloseTo(1, 1);
    model.dispose();
  });

  test.each([
    [{ numClasses: 0 }, 'numClasses: expected a whole number of at least 1. Received: 0.'],
    [{ numClasses: 2.5 }, 'numClasses: expected a whole number of at least 1. Received: 2.5.'],
    [{ inputShape: [32, 32] }, 'inputShape: expected [height, width, channels]'],
    [{ inputShape: [32, -1, 3] }, 'Received: [32,-1,3].'],
    [{ dropRate: 1 }, 'dropRate: expected a number of at least 0 and below 1. Received: 1.'],
    [{ seed: 0.5 }, 'seed: expected a whole number. Received: 0.5.'],
    [{ features: 'yes' }, "features: expected true or false. Received: 'yes'."],
    [{ implementation: 'nativ' }, "did you mean 'native'?"],
  ])('%j is refused, and nothing is left behind', (options, message) => {
    const before = tf.memory().numTensors;
    expect(() => createModel('resnet_toy', options as object)).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the catalogue', () => {
  test('an unknown model is an error that suggests the nearest', () => {
    for (const ask of [createModel, modelInfo]) {
      expect(() => ask('resnext29_8x64' as ModelName)).toThrow("(did you mean 'resnext29_8x64d'?)");
      expect(() => ask('toString' as ModelName)).toThrow("Received: 'toString'.");
    }
    expect(isModelName('resnext_toy')).toBe(true);
    expect(isModelName('constructor')).toBe(false);
  });

  test('what weights expect of an image: what is usual for its size, unless a variant says otherwise', () => {
    const { mean, std, crop, interpolation, source } = modelInfo('resnet18_cifar');
    expect({ mean, std, crop, interpolation, source }).toEqual({
      mean: [0.4914, 0.4822, 0.4465],
      std: [0.247, 0.2435, 0.2616],
      crop: { resize: 32, size: 32 },
      interpolation: 'bilinear',
      source: 'paper',
    });
    expect({ ...preprocessing(IMAGENET), source: sourceOf(IMAGENET) }).toEqual({
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      crop: { resize: 256, size: 224 },
      interpolation: 'bilinear',
      source: 'torchvision',
    });
    const own = {
      mean: [0.5],
      std: [0.25],
      crop: { resize: 40, size: 30 },
      interpolation: 'bicubic',
    } as const;
    expect(preprocessing({ ...IMAGENET, ...own })).toEqual(own);
    expect(sourceOf({ ...CIFAR, source: 'timm' })).toBe('timm');
  });

  test('patterns', () => {
    expect(listModels('res*_toy')).toEqual(['resnet_toy', 'resnext_narrow_toy', 'resnext_toy']);
    expect(listModels('toy')).toEqual(listModels('*_toy'));
    expect(listModels('toy').length).toBeGreaterThan(listModels('res*_toy').length);
    expect(listModels('RESNEXT29_[0-9]x*')).toEqual(['resnext29_8x4d', 'resnext29_8x64d']);
    expect(listModels('resne?t29_8x4d')).toEqual(['resnext29_8x4d']);
    expect(listModels('nothing')).toEqual([]);
    expect(listModels()).toEqual(listModels('*'));
    expect(globToRegExp('a.b*').test('axbc')).toBe(false);
    expect(globToRegExp('[!a]b').test('ab')).toBe(false);
    expect(globToRegExp('[!a]b').test('cb')).toBe(true);
    expect(globToRegExp('a[').test('a[')).toBe(true);
  });

  test('numbers in names sort as numbers', () => {
    const names = listModels('resnext29*');
    expect(names.indexOf('resnext29_8x64d')).toBeLessThan(names.indexOf('resnext29_16x64d'));
  });
});

test('seeds of layers are positive, and near names or seeds have nothing in common', () => {
  const seeds = [0, 1, 2, -1].flatMap((seed) =>
    Array.from({ length: 500 }, (_, index) => layerSeed(seed, `layer1.${index}.conv1`)),
  );
  expect(new Set(seeds).size).toBe(seeds.length);
  expect(seeds.every((seed) => Number.isInteger(seed) && seed > 0 && seed <= 2 ** 31)).toBe(true);
  const mean = seeds.reduce((sum, seed) => sum + seed / 2 ** 31, 0) / seeds.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
});

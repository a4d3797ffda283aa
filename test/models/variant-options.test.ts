import * as tf from '@tensorflow/tfjs';
import {
  type ModelName,
  createModel,
  featureInfo,
  listModels,
  modelInfo,
  resetClassifier,
} from '../../models';
import { type VariantOptions } from '../../models/family';
import { useBackend } from '../../src/backends/use-backend-node';
import { inspectModel } from '../../src/inspect/inspect-model';
import { torchTensors } from '../../src/import/torch-weights';
import { serialiseSafetensors } from '../../src/safetensors/serialise';
import { readWeights } from '../../src/train/weights';
import { TESTED_BACKENDS } from '../support/backends';
import { savedAndLoaded } from '../support/saved-and-loaded';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

function trainable(name: ModelName, options: VariantOptions): number {
  const model = createModel(name, { ...options, initialise: false });
  const { params } = inspectModel(model);
  model.dispose();
  return params.trainable;
}

/** A toy ResNeXt's parameters, written out: three stages of one block each, which double all channels. */
function toyParameters(stem: number, out: number, { groups, width }: Required<VariantOptions>): number {
  const norm = (channels: number) => 2 * channels;
  const block = (input: number, inside: number, output: number) =>
    input * inside +
    norm(inside) +
    (9 * inside * inside) / groups +
    norm(inside) +
    inside * output +
    norm(output);
  const projection = (input: number, output: number) => input * output + norm(output);
  return (
    3 * 9 * stem +
    norm(stem) +
    block(stem, width, out) +
    (stem === out ? 0 : projection(stem, out)) +
    block(out, 2 * width, 2 * out) +
    projection(out, 2 * out) +
    block(2 * out, 4 * width, 4 * out) +
    projection(2 * out, 4 * out) +
    4 * out * 10 +
    10
  );
}

describe('parameters are those of the arithmetic', () => {
  test.each([
    { groups: 1, width: 32 },
    { groups: 1, width: 18 },
    { groups: 8, width: 32 },
    { groups: 32, width: 32 },
    { groups: 3, width: 21 },
    { groups: 16, width: 80 },
  ])('a toy ResNeXt with %j', (options) => {
    for (const name of ['resnext_toy', 'resnet_toy'] as const) {
      expect(trainable(name, options)).toBe(toyParameters(64, 64, options));
    }
    expect(trainable('resnext_narrow_toy', options)).toBe(toyParameters(32, 36, options));
    // Gates of a sixteenth: two convolutions with biases for 64, 128 and 256 channels.
    const gates = [64, 128, 256].map((out) => (2 * out * out) / 16 + out / 16 + out);
    expect(trainable('seresnext_toy', options)).toBe(
      toyParameters(64, 64, options) + gates[0] + gates[1] + gates[2],
    );
  });

  test.each([2, 32, 96, 100])('a MobileNet V1 whose first block puts out %d channels', (width) => {
    // Stem, then [input, output] of each depthwise separable block; a norm after each convolution.
    const [a, b, c] = [width, 2 * width, 4 * width];
    const blocks = [
      [width / 2, a],
      [a, b],
      [b, b],
      [b, c],
    ];
    const counts = blocks.map(([input, out]) => 9 * input + 2 * input + input * out + 2 * out);
    const stem = 3 * 9 * (width / 2) + 2 * (width / 2);
    expect(trainable('mobilenet_toy', { width })).toBe(
      stem + counts.reduce((sum, count) => sum + count, 0) + 10 * c + 10,
    );
  });
});

describe('a number that another variant has makes that variant', () => {
  test.each([
    ['resnext29_8x4d', { groups: 32, width: 128 }, 'resnext29_32x4d'],
    ['resnet29_8x4d', { groups: 8 }, 'resnext29_8x4d'],
    ['resnext50_32x4d', { groups: 1 }, 'wide_resnet50_2'],
    ['resnext50_32x4d_cifar', { groups: 1, width: 64 }, 'resnet50_cifar'],
    ['mobilenet_v1', { width: 48 }, 'mobilenet_v1_x0_75'],
  ] as const)('%s with %j is %s', (name, options, other) => {
    const facts = (model: tf.LayersModel) => {
      const { params, macs, activations } = inspectModel(model);
      const shapes = model.weights.map(({ originalName, shape }) => [originalName, shape]);
      const features = featureInfo(model);
      model.dispose();
      return { params, macs, activations, shapes, features };
    };
    expect(facts(createModel(name, { ...options, initialise: false }))).toEqual(
      facts(createModel(other, { initialise: false })),
    );
  });

  test('with one group the weights of a seed are those of the dense twin', () => {
    const before = tf.memory().numTensors;
    const models = [
      createModel('resnext_toy', { groups: 1, seed: 5 }),
      createModel('resnet_toy', { seed: 5 }),
      createModel('resnet_toy', { groups: 8, width: 32, seed: 5 }),
      createModel('resnext_toy', { seed: 5 }),
    ];
    // As text, since jest takes seconds to compare so many numbers.
    const [one, twin, eight, grouped] = models.map((model) =>
      [...readWeights(model)]
        .map(([name, { shape, data }]) => `${name} ${shape.join('x')} ${data.join()}`)
        .join(';'),
    );
    models.forEach((model) => model.dispose());
    expect(one === twin).toBe(true);
    expect(eight === grouped).toBe(true);
    expect(one === grouped).toBe(false);
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('weights that fit the chosen numbers load, and no others', async () => {
  const before = tf.memory().numTensors;
  const source = createModel('resnet_toy', { groups: 4, width: 8, seed: 1 });
  const weights = serialiseSafetensors(torchTensors(source));
  const model = await createModel('resnext_toy', { groups: 4, width: 8, weights });
  expect(readWeights(model)).toEqual(readWeights(source));
  model.dispose();
  source.dispose();
  await expect(createModel('resnext_toy', { width: 8, weights })).rejects.toThrow(
    'layer1.0.conv2.weight (expected [8, 1, 3, 3], received [8, 2, 3, 3])',
  );
  expect(tf.memory().numTensors).toBe(before);
});

describe.each([
  ['resnext_toy', { groups: 3, width: 24 }, [64, 128, 256]],
  ['seresnext_toy', { groups: 2, width: 6 }, [64, 128, 256]],
  ['mobilenet_toy', { width: 6 }, [6, 12, 24]],
] as const)('%s with %j', (name, options, channels) => {
  const inputShape = [8, 8, 3] as const;
  const build = (more = {}) => createModel(name, { ...options, inputShape, seed: 2, ...more });
  const x = () => tf.randomNormal([2, ...inputShape], 0, 1, 'float32', 3);

  test('predicts the same after saving and loading, which knows its features', async () => {
    const before = tf.memory().numTensors;
    const model = build();
    const loaded = await savedAndLoaded(model);
    const images = x();
    const [own, reloaded] = [model, loaded].map((each) =>
      tf.tidy(() => (each.predict(images) as tf.Tensor).dataSync()),
    );
    expect(reloaded).toEqual(own);
    expect(featureInfo(model).map((info) => info.channels)).toEqual(channels);
    expect(featureInfo(loaded)).toEqual(featureInfo(model));
    tf.dispose([images]);
    model.dispose();
    loaded.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('takes features, a new head and every other option as ever', () => {
    const before = tf.memory().numTensors;
    const features = build({ features: true, dropPathRate: 0.1 });
    expect(features.outputs.map(({ shape }) => shape.at(-1))).toEqual(channels);
    features.dispose();
    const renewed = resetClassifier(build(), 3, { seed: 1 });
    expect(renewed.outputs[0].shape).toEqual([null, 3]);
    expect(featureInfo(renewed).map((info) => info.channels)).toEqual(channels);
    renewed.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('refusals leave nothing behind', () => {
  test.each([
    [
      'resnext_toy',
      { groups: 12 },
      "groups: expected a divisor of the 32 channels inside the first stage's blocks (8 or 16). Received: 12.",
    ],
    ['resnet_toy', { groups: 64 }, "channels inside the first stage's blocks (32). Received: 64."],
    ['resnext_toy', { width: 33 }, 'width: expected a multiple of the 8 groups (32 or 40). Received: 33.'],
    [
      'resnext_toy',
      { groups: 64, width: 20 },
      'width: expected a multiple of the 64 groups (64). Received: 20.',
    ],
    ['seresnext50_32x4d', { groups: 24 }, '(16 or 32). Received: 24.'],
    ['resnext_toy', { groups: 0 }, 'groups: expected a whole number of at least 1. Received: 0.'],
    ['resnext_toy', { width: 2.5 }, 'width: expected a whole number of at least 1. Received: 2.5.'],
    ['resnext_toy', { width: '32' }, "width: expected a whole number of at least 1. Received: '32'."],
    ['mobilenet_toy', { width: 7 }, 'width: expected an even number (6 or 8). Received: 7.'],
    ['mobilenet_toy', { width: 1 }, 'width: expected an even number (2). Received: 1.'],
    [
      'mobilenet_toy',
      { groups: 4 },
      'groups: expected none for mobilenet_toy, as MobileNet V1 has no such choice; these models have: resnext29_8x64d, ',
    ],
    ['mobilenet_v2', { width: 64 }, ', mobilenet_toy'],
    ['resnet18', { groups: 2 }, 'groups: expected none for resnet18, as ResNet has no such choice'],
  ] as const)('%s with %j', (name, options, message) => {
    const before = tf.memory().numTensors;
    expect(() => createModel(name, options as object)).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('the models that are named as takers take it, and no other does', () => {
    let message = '';
    try {
      createModel('densenet121', { width: 64 });
    } catch (error) {
      message = (error as Error).message;
    }
    const named = listModels().filter((name) => new RegExp(`\\b${name}\\b`).test(message));
    expect(named.length).toBeGreaterThan(15);
    for (const name of listModels('*_toy')) {
      const build = () => createModel(name, { width: 32, initialise: false }).dispose();
      if (named.includes(name)) build();
      else expect(build).toThrow('width: expected none');
    }
  });
});

test('what a model takes does not change what is known of it by its name', () => {
  expect(modelInfo('resnext_toy').params.trainable).toBe(toyParameters(64, 64, { groups: 8, width: 32 }));
});

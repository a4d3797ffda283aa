import * as tf from '@tensorflow/tfjs';
import { createHash } from 'node:crypto';
import { type ModelName, createModel, featureInfo, listModels, modelInfo } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { inspectModel } from '../../src/inspect/inspect-model';
import reference from '../fixtures/zoo-reference.json';
import { TESTED_BACKENDS } from '../support/backends';
import { savedAndLoaded } from '../support/saved-and-loaded';

// One suite for every model of the zoo: a new family is tested here without a change.

const names = listModels();

// Two dense twins have from 164 to 626 million weights, for whose gradients a test machine may lack the memory. What they are
// made of is checked all the same, unrun, and the same build function is run at smaller widths.
const RUN_UP_TO = 100_000_000;
const runnable = names.filter((name) => modelInfo(name).params.trainable <= RUN_UP_TO);

/** A hash of each weight: jest takes seconds to compare a million numbers. */
function weightHashes(model: tf.LayersModel): Record<string, string> {
  const hash = (values: Uint8Array) => createHash('sha256').update(values).digest('hex');
  return Object.fromEntries(
    model.weights.map((weight) => [
      weight.originalName,
      hash(new Uint8Array(weight.read().dataSync().slice().buffer)),
    ]),
  );
}

/** So many numbers between -1 and 1, drawn once: tfjs's own take seconds a million within jest. */
const DRAWN = (() => {
  let state = 1;
  const draw = () => (state = (Math.imul(state, 1664525) + 1013904223) | 0) / 2 ** 31;
  return Float32Array.from({ length: 2 ** 20 + 7 }, draw);
})();

/** Gives a model weights of a usual size, at once. */
function fillWeights(model: tf.LayersModel): void {
  let start = 0;
  for (const weight of model.weights) {
    const shape = weight.shape as number[];
    const size = tf.util.sizeFromShape(shape);
    const values = new Float32Array(size);
    for (let filled = 0; filled < size;) {
      const part = DRAWN.subarray(start, start + size - filled);
      values.set(part, filled);
      filled += part.length;
      start = (start + part.length) % DRAWN.length;
    }
    const fanIn = shape.length > 1 ? size / (shape.at(-1) as number) : 1;
    tf.tidy(() => {
      const drawn = tf.tensor(values, shape);
      const isVariance = weight.originalName.endsWith('moving_variance');
      weight.write(isVariance ? drawn.div(2).add(1) : drawn.mul(Math.sqrt(3 / fanIn)));
    });
  }
}

/** A config without the options that are not set, which saving turns from undefined into null. */
function withoutBlanks(config: unknown): unknown {
  return JSON.parse(JSON.stringify(config, (_, value: unknown) => value ?? undefined));
}

// Small images keep the suite fast; no weight depends on their size. The deepest stage of an ImageNet model still has 2x2
// pixels, and a batch norm there something to normalise.
function smallBatch(name: ModelName): [count: number, height: number, width: number, channels: number] {
  if (modelInfo(name).inputShape[0] > 64) return [2, 64, 64, 3];
  // Airbench's convolutions and poolings leave nothing of less.
  return name.startsWith('airbench') ? [4, 16, 16, 3] : [4, 8, 8, 3];
}

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

describe.each(names)('%s', (name) => {
  test('has the figures of the committed table, and is gone when it is disposed of', () => {
    const before = tf.memory().numTensors;
    const model = createModel(name, { initialise: false });
    const { params, macs, activations, inputShape, uncounted } = inspectModel(model);
    const { params: listed, macs: listedMacs, activations: listedActivations } = modelInfo(name);
    expect({ params, macs, activations }).toEqual({
      params: listed,
      macs: listedMacs,
      activations: listedActivations,
    });
    expect(inputShape).toEqual(modelInfo(name).inputShape);
    expect(uncounted).toEqual([]);
    expect(model.name).toBe(name);
    expect(model.outputs[0].shape).toEqual([null, modelInfo(name).numClasses]);
    expect(featureInfo(model)).toEqual(featureInfo(name));
    checkFeatures(model);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('comes from a paper', () => {
    expect(modelInfo(name).paper).toMatch(/ et al\., ".+", arXiv:\d{4}\.\d{5}$|arXiv:\d{4}\.\d{4,5}$/);
  });
});

/** Stages at rising strides, of modules that the model has, down to the one that its head averages over. */
function checkFeatures(model: tf.LayersModel): void {
  const features = featureInfo(model);
  expect(features.length).toBeGreaterThan(2);
  const strides = features.map(({ stride }) => stride);
  expect(strides).toEqual(strides.map((_, index) => strides[0] * 2 ** index));
  for (const { module } of features) {
    const found = model.layers.some(({ name }) => name === module || name.startsWith(`${module}.`));
    if (!found) throw new Error(`no layer within ${module}`);
  }
}

interface ReferenceCounts {
  readonly trainable_params: number;
  readonly bn_statistics?: number;
  readonly macs_32?: number;
  readonly macs_224?: number;
}

describe('against the reference counts', () => {
  const { models, cifar_models } = reference as unknown as Record<
    'models' | 'cifar_models',
    Record<string, ReferenceCounts>
  >;
  const counts = Object.entries({ ...models, ...cifar_models }).filter(
    // The lists say their source as well.
    (entry): entry is [ModelName, ReferenceCounts] => typeof entry[1] === 'object',
  );

  test.each(counts)('%s', (name, { trainable_params, bn_statistics, macs_32, macs_224 }) => {
    const { params, macs } = modelInfo(name);
    expect(params.trainable).toBe(trainable_params);
    if (bn_statistics !== undefined) expect(params.nonTrainable).toBe(bn_statistics);
    const listed = macs_32 ?? macs_224;
    if (listed !== undefined) expect(macs).toBe(listed);
  });

  // The CIFAR form differs from Keras's network in the classes and in that every map is 32/112 as high and wide.
  test('mobilenet_v1_cifar', () => {
    const { trainable_params, bn_statistics, macs_224 = NaN } = models.mobilenet_v1;
    const { params, macs } = modelInfo('mobilenet_v1_cifar');
    expect(params.trainable).toBe(trainable_params - 1025 * 1000 + 1025 * 10);
    expect(params.nonTrainable).toBe(bn_statistics);
    expect(macs).toBe(((macs_224 - 1024 * 1000) * 32 ** 2) / 112 ** 2 + 1024 * 10);
  });
});

describe.each(runnable)('%s runs', (name) => {
  const shape = smallBatch(name);
  let model: tf.LayersModel;
  let before: number;
  beforeAll(() => {
    before = tf.memory().numTensors;
    const [, ...inputShape] = shape;
    model = createModel(name, { inputShape, numClasses: 7, seed: 3, initialise: false });
    fillWeights(model);
  });
  afterAll(() => {
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('to finite logits, and every weight gets a gradient', () => {
    tf.tidy(() => {
      const x = tf.randomNormal<tf.Rank.R4>(shape, 0, 1, 'float32', 5);
      const target = tf.randomNormal([shape[0], 7], 0, 1, 'float32', 6);
      const loss = () => {
        const logits = model.apply(x, { training: true }) as tf.Tensor;
        expect(logits.shape).toEqual([shape[0], 7]);
        return logits.squaredDifference(target).mean() as tf.Scalar;
      };
      const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const { value, grads } = tf.variableGrads(loss, variables);
      expect(value.dataSync()[0]).toBeGreaterThan(0);
      for (const { originalName, name: unique } of model.trainableWeights) {
        const largest = grads[unique] === undefined ? 0 : grads[unique].abs().max().dataSync()[0];
        if (!(largest > 0 && Number.isFinite(largest))) throw new Error(`no gradient for ${originalName}`);
        grads[unique].dispose();
      }
    });
  });

  test('the same after saving and loading', async () => {
    const x = tf.randomNormal(shape, 0, 1, 'float32', 7);
    // After the training step's forward pass above, the moving statistics are not what every model begins with.
    const loaded = await savedAndLoaded(model);
    expect(withoutBlanks(loaded.getConfig())).toEqual(withoutBlanks(model.getConfig()));
    const [own, reloaded] = [model, loaded].map((one) =>
      tf.tidy(() => (one.predict(x) as tf.Tensor).dataSync()),
    );
    expect(reloaded).toEqual(own);
    expect(Math.max(...own) - Math.min(...own)).toBeGreaterThan(0);
    expect(featureInfo(loaded)).toEqual(featureInfo(model));
    loaded.dispose();
    x.dispose();
  });

  test('with a seed of its own for each kernel', () => {
    const seeds = model.layers
      .map(
        (layer) =>
          (layer.getConfig().kernelInitializer as { config: { seed: number } } | undefined)?.config.seed,
      )
      .filter((seed) => seed !== undefined);
    const withKernel = model.layers.filter(({ weights }) =>
      weights.some((weight) => weight.originalName.endsWith('/kernel')),
    );
    expect(seeds).toHaveLength(withKernel.length);
    expect(new Set(seeds).size).toBe(seeds.length);
  });
});

// Drawing weights takes seconds a million within jest, so this is done with the small ones.
describe.each(listModels('*_toy'))('%s begins', (name) => {
  const weights = (seed?: number) => {
    const model = createModel(name, { seed });
    const hashes = weightHashes(model);
    model.dispose();
    return hashes;
  };
  const kernels = (hashes: Record<string, string>) =>
    Object.entries(hashes).filter(([weight]) => weight.endsWith('/kernel'));

  test('the same from the same seed, 0 too', () => {
    expect(weights(3)).toEqual(weights(3));
    expect(weights(0)).toEqual(weights(0));
  });

  test('otherwise from another seed, or none', () => {
    const [first, second, third, fourth] = [weights(3), weights(4), weights(), weights()];
    expect(kernels(first).length).toBeGreaterThan(9);
    for (const [weight, hash] of kernels(first)) {
      expect(new Set([hash, second[weight], third[weight], fourth[weight]]).size).toBe(4);
    }
  });
});

describe('dense twins', () => {
  const pairs = names.flatMap((name) => {
    const { denseTwin } = modelInfo(name);
    return denseTwin === undefined ? [] : [[name, denseTwin] as const];
  });

  test('every ResNeXt for CIFAR has one', () => {
    const twins = new Map(pairs);
    for (const name of listModels('resnext29_*').concat('resnext_toy')) {
      expect(twins.get(name)).toBe(name.replace('resnext', 'resnet'));
    }
  });

  test.each(pairs)('%s against %s', (name, twin) => {
    const [grouped, dense] = [name, twin].map((one) => {
      const model = createModel(one, { initialise: false });
      const shapes = model.layers.map((layer) => [layer.name, layer.outputShape]);
      const groups = model.layers.map((layer) => (layer as unknown as { groups?: number }).groups ?? 1);
      model.dispose();
      return { shapes, groups };
    });
    expect(dense.shapes).toEqual(grouped.shapes);
    expect(new Set(dense.groups)).toEqual(new Set([1]));
    expect(Math.max(...grouped.groups)).toBeGreaterThan(1);
    expect(modelInfo(twin).params.trainable).toBeGreaterThan(modelInfo(name).params.trainable);
    expect(modelInfo(twin).macs).toBeGreaterThan(modelInfo(name).macs);
    expect(modelInfo(twin).activations).toBe(modelInfo(name).activations);
  });
});

test('the largest model is built within 10 seconds', () => {
  const size = (name: ModelName) => modelInfo(name).params.trainable;
  const largest = names.reduce((most, name) => (size(name) > size(most) ? name : most));
  const start = performance.now();
  createModel(largest, { initialise: false }).dispose();
  expect(performance.now() - start).toBeLessThan(10_000);
});

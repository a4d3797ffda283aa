import * as tf from '@tensorflow/tfjs';
import { createHash } from 'node:crypto';
import { createModel, listModels, modelInfo } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { inspectModel } from '../../src/inspect/inspect-model';
import reference from '../fixtures/zoo-reference.json';
import { TESTED_BACKENDS, expectNoLeak } from '../support/backends';

// One suite for every model of the zoo: a new family is tested here without a change.

// Above this a test would wait seconds for memory. What such a model is made of is checked all the same, unrun, and
// the same build function is run at a smaller width.
const RUN_UP_TO = 3_500_000;
const names = listModels();
const small = names.filter((name) => modelInfo(name).params.trainable <= RUN_UP_TO);

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

/** Gives a model weights of a usual size, at once: tfjs's own random numbers take seconds a million within jest. */
function fillWeights(model: tf.LayersModel): void {
  const { imul, sqrt } = Math;
  let state = 1;
  const draw = () => (state = (imul(state, 1664525) + 1013904223) | 0) / 2 ** 31;
  for (const weight of model.weights) {
    const size = tf.util.sizeFromShape(weight.shape as number[]);
    const fanIn = weight.shape.length > 1 ? size / (weight.shape.at(-1) as number) : 1;
    const scale = sqrt(3 / fanIn);
    const isVariance = weight.originalName.endsWith('moving_variance');
    const values = Float32Array.from({ length: size }, () => (isVariance ? 1 + draw() / 2 : draw() * scale));
    const drawn = tf.tensor(values, weight.shape as number[]);
    weight.write(drawn);
    drawn.dispose();
  }
}

/** A config without the options that are not set, which saving turns from undefined into null. */
function withoutBlanks(config: unknown): unknown {
  return JSON.parse(JSON.stringify(config, (_, value: unknown) => value ?? undefined));
}

// Small images keep the suite fast; no weight depends on their size.
const SMALL_IMAGE = { inputShape: [8, 8, 3] } as const;

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

describe.each(names)('%s', (name) => {
  test('has the figures of the committed table', () => {
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
    model.dispose();
  });

  test('comes from a paper', () => {
    expect(modelInfo(name).paper).toMatch(/ et al\., ".+", arXiv:\d{4}\.\d{5}$|arXiv:\d{4}\.\d{4,5}$/);
  });
});

describe('against the reference counts', () => {
  test.each(Object.entries(reference.cifar_models))('%s', (name, expected) => {
    const { params, macs } = modelInfo(name as keyof typeof reference.cifar_models);
    expect(params.trainable).toBe(expected.trainable_params);
    expect(params.nonTrainable).toBe(expected.bn_statistics);
    expect(macs).toBe(expected.macs_32);
  });

  // The CIFAR form differs from Keras's network in the classes and in that every map is 32/112 as high and wide.
  test('mobilenet_v1_cifar', () => {
    const { trainable_params, bn_statistics, macs_224 } = reference.mobilenet_v1;
    const { params, macs } = modelInfo('mobilenet_v1_cifar');
    expect(params.trainable).toBe(trainable_params - 1025 * 1000 + 1025 * 10);
    expect(params.nonTrainable).toBe(bn_statistics);
    expect(macs).toBe(((macs_224 - 1024 * 1000) * 32 ** 2) / 112 ** 2 + 1024 * 10);
  });
});

describe.each(small)('%s runs', (name) => {
  let model: tf.LayersModel;
  beforeEach(() => {
    model = createModel(name, { ...SMALL_IMAGE, numClasses: 7, seed: 3, initialise: false });
    fillWeights(model);
  });
  afterEach(() => {
    model.dispose();
  });

  test('to finite logits, and every weight gets a gradient', () => {
    tf.tidy(() => {
      const x = tf.randomNormal<tf.Rank.R4>([4, 8, 8, 3], 0, 1, 'float32', 5);
      const target = tf.randomNormal([4, 7], 0, 1, 'float32', 6);
      const loss = () => {
        const logits = model.apply(x, { training: true }) as tf.Tensor;
        expect(logits.shape).toEqual([4, 7]);
        return logits.squaredDifference(target).mean() as tf.Scalar;
      };
      const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const { value, grads } = tf.variableGrads(loss, variables);
      expect(value.dataSync()[0]).toBeGreaterThan(0);
      for (const { originalName, name: unique } of model.trainableWeights) {
        const largest = grads[unique] === undefined ? 0 : grads[unique].abs().max().dataSync()[0];
        if (!(largest > 0 && Number.isFinite(largest))) throw new Error(`no gradient for ${originalName}`);
      }
    });
  });

  test('the same after saving and loading', async () => {
    const x = tf.randomNormal([3, 8, 8, 3], 0, 1, 'float32', 7);
    // A training step's forward pass, so that the moving statistics are no longer what every model begins with.
    tf.dispose(model.apply(x, { training: true }) as tf.Tensor);
    let saved: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      }),
    );
    // Through text, as a file would hold it.
    const topology = JSON.parse(JSON.stringify(saved?.modelTopology)) as object;
    const loaded = await tf.loadLayersModel(tf.io.fromMemory({ ...saved, modelTopology: topology }));
    expect(withoutBlanks(loaded.getConfig())).toEqual(withoutBlanks(model.getConfig()));
    const [before, after] = [model, loaded].map((one) =>
      tf.tidy(() => (one.predict(x) as tf.Tensor).dataSync()),
    );
    expect(after).toEqual(before);
    expect(Math.max(...before) - Math.min(...before)).toBeGreaterThan(0);
    loaded.dispose();
    x.dispose();
  });

  test('and is gone when it is disposed of', () => {
    expectNoLeak(() => createModel(name, { ...SMALL_IMAGE, initialise: false }).dispose());
  });

  test('with a seed of its own for each kernel', () => {
    const seeds = model.layers
      .map(
        (layer) =>
          (layer.getConfig().kernelInitializer as { config: { seed: number } } | undefined)?.config.seed,
      )
      .filter((seed) => seed !== undefined);
    expect(seeds).toHaveLength(
      model.weights.filter((weight) => weight.originalName.endsWith('/kernel')).length,
    );
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

  test('every ResNeXt has one', () => {
    expect(pairs.map(([name]) => name)).toEqual(listModels('resnext*'));
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

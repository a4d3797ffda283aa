import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { createModel } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { bytesOf, layersModelFiles } from '../../src/export/layers-model';
import { loadLayersModel } from '../../src/export/load-layers-model-node';
import { modelDescription, type ModelDescription } from '../../src/export/model-description';
import { samePredictions } from '../../src/export/same-predictions';
import { saveLayersModel } from '../../src/export/save-layers-model-node';
import { depthwiseSeparableConv2D } from '../../src/layers/depthwise-separable-conv2d';
import { describeOnBackends, TESTED_BACKENDS } from '../support/backends';

// Small, for the sake of the cpu backend.
const IMAGE: [number, number, number] = [8, 8, 3];

let folder: string;
const to = (...path: string[]): string => join(folder, ...path);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cardinal-export-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const description: ModelDescription = {
  model: 'resnext_toy',
  output: 'logits',
  input: { layout: 'NHWC', shape: [32, 32, 3], mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  classNames: ['airplane', 'automobile'],
  weights: { kind: 'trained', data: 'cifar10', checkpoint: 'best', epochs: 3, averaged: true },
};

/** A toy model whose batch-norm statistics are not those of a fresh one, so that none can be left out unseen. */
function toy(name: 'resnext_toy' | 'mobilenet_toy' = 'resnext_toy'): tf.LayersModel {
  const model = createModel(name, { seed: 3, inputShape: IMAGE });
  tf.tidy(() => {
    for (const weight of model.nonTrainableWeights) {
      const middle = weight.originalName.endsWith('variance') ? 1 : 0;
      weight.write(tf.randomUniform(weight.shape as number[], middle - 0.1, middle + 0.1, 'float32', 7));
    }
  });
  return model;
}

function release(...models: tf.LayersModel[]): void {
  for (const model of models) model.dispose();
}

async function logits(model: tf.LayersModel): Promise<number[]> {
  const images = tf.randomNormal([3, ...IMAGE], 0, 1, 'float32', 11);
  const output = model.predict(images) as tf.Tensor;
  const values = [...(await output.data())];
  tf.dispose([images, output]);
  return values;
}

describeOnBackends('an exported LayersModel', (backend) => {
  test.each(['resnext_toy', 'mobilenet_toy'] as const)('%s reloads to the same bits', async (name) => {
    const model = toy(name);
    const saved = await saveLayersModel(model, to(name));
    const copy = await loadLayersModel(to(name));
    const expected = await logits(model);
    expect(new Set(expected).size).toBeGreaterThan(20);
    expect(await logits(copy)).toEqual(expected);
    expect(saved.verified).toEqual({ images: 8, backend, largestDifference: 0 });
    copy.dispose();
    model.dispose();
  });

  test('leaves no tensor behind, reload included', async () => {
    const model = toy();
    const exportAndReload = async (name: string): Promise<void> => {
      await saveLayersModel(model, to(name));
      (await loadLayersModel(to(name))).dispose();
    };
    await exportAndReload('first');
    const before = tf.memory().numTensors;
    await exportAndReload('second');
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});

describe('the folder', () => {
  beforeAll(async () => {
    await useBackend(TESTED_BACKENDS[0]);
  });

  const native = TESTED_BACKENDS.includes('tensorflow') ? test : test.skip; // file:// is a handler of tfjs-node
  native('is what tf.loadLayersModel reads', async () => {
    const model = toy();
    await saveLayersModel(model, to('toy'), { description });
    const copy = await tf.loadLayersModel(`file://${to('toy', 'model.json')}`);
    expect(await logits(copy)).toEqual(await logits(model));
    expect(modelDescription(copy)).toEqual(description);
    release(model, copy);
  });

  test('has two files, with the weights under their PyTorch names and nothing beside them', async () => {
    const model = toy();
    const { files, bytes } = await saveLayersModel(model, to('toy'), { description });
    expect((await readdir(folder)).sort()).toEqual(['toy']);
    expect((await readdir(to('toy'))).sort()).toEqual(['SHA256SUMS', 'model.json', 'weights.bin']);
    const json = await readFile(to('toy', 'model.json'));
    const weights = await readFile(to('toy', 'weights.bin'));
    // resnext_toy has 4 bytes for each of its parameters, batch-norm statistics included.
    expect(weights.length).toBe(4 * model.countParams());
    expect(files).toEqual({ 'model.json': json.length, 'weights.bin': weights.length });
    expect(bytes).toBe(json.length + weights.length);
    const [group] = (JSON.parse(json.toString()) as tf.io.ModelJSON).weightsManifest;
    expect(group.paths).toEqual(['weights.bin']);
    const names = group.weights.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['layer1.0.conv2/kernel', 'layer2.0.bn1/moving_variance', 'fc/bias']),
    );
    model.dispose();
  });

  test('has the same bytes each time, and bytesOf counts them', async () => {
    const [first, second] = [toy(), toy()];
    const [one, other] = [await layersModelFiles(first), await layersModelFiles(second)];
    expect(one.model).toBe(other.model);
    expect(Buffer.compare(one.weights, other.weights)).toBe(0);
    expect(bytesOf(one)).toBe(Buffer.byteLength(one.model) + 4 * first.countParams());
    release(first, second);
  });

  test.each([
    ['float16', 2, 0.005],
    ['uint16', 2, 0.005],
    ['uint8', 1, 0.3],
  ] as const)(
    'as %s has kernels of %i bytes a weight, and predicts about the same',
    async (dtype, size, limit) => {
      const model = toy();
      const { files, verified } = await saveLayersModel(model, to('toy'), { quantize: dtype });
      const copy = await loadLayersModel(to('toy'));
      const lengths = model.weights.map(({ shape }) =>
        shape.reduce<number>((all, n) => all * (n as number), 1),
      );
      const stored = lengths.reduce(
        (all, n, i) => all + n * (model.weights[i].shape.length > 1 ? size : 4),
        0,
      );
      expect(files['weights.bin']).toBe(stored);
      const [expected, received] = [await logits(model), await logits(copy)];
      const largest = Math.max(...expected.map(Math.abs));
      const apart = Math.max(...expected.map((value, i) => Math.abs(value - received[i]))) / largest;
      expect(apart).toBeGreaterThan(0);
      expect(apart).toBeLessThan(limit);
      expect(verified.largestDifference).toBeGreaterThan(0);
      expect(verified.largestDifference).toBeLessThan(limit);
      release(model, copy);
    },
  );

  test('a description is read back, a model without one has none, and other metadata stays', async () => {
    const model = toy();
    model.setUserDefinedMetadata({ mine: 1 });
    await saveLayersModel(model, to('with'), { description });
    await saveLayersModel(model, to('without'));
    expect(model.getUserDefinedMetadata()).toEqual({ mine: 1 });
    const [copy, bare] = [await loadLayersModel(to('with')), await loadLayersModel(to('without'))];
    expect(modelDescription(copy)).toEqual(description);
    expect(copy.getUserDefinedMetadata()).toMatchObject({ mine: 1 });
    expect(modelDescription(bare)).toBeUndefined();
    release(model, copy, bare);
  });

  test('holds layers of ours other than the zoo uses', async () => {
    const layer = depthwiseSeparableConv2D({ filters: 4, inputShape: [6, 6, 3] } as never);
    const model = tf.sequential({ layers: [layer] });
    await saveLayersModel(model, to('separable'));
    const copy = await loadLayersModel(to('separable'));
    expect(copy.layers[0].getClassName()).toBe('DepthwiseSeparableConv2D');
    release(model, copy);
  });
});

describe('where it is written', () => {
  let model: tf.LayersModel;

  beforeAll(async () => {
    await useBackend(TESTED_BACKENDS[0]);
    model = toy();
  });

  afterAll(() => void model.dispose());

  test('a folder that is there is refused, and replaced with overwrite', async () => {
    await saveLayersModel(model, to('toy'));
    const other = createModel('mobilenet_toy', { seed: 1, inputShape: IMAGE });
    await expect(saveLayersModel(other, to('toy'))).rejects.toThrow(
      /toy is there already: .*overwrite: true/,
    );
    const kept = await loadLayersModel(to('toy'));
    expect(kept.name).toBe('resnext_toy');
    await saveLayersModel(other, to('toy'), { overwrite: true });
    const replaced = await loadLayersModel(to('toy'));
    expect(replaced.name).toBe('mobilenet_toy');
    expect(await readdir(folder)).toEqual(['toy']);
    release(other, kept, replaced);
  });

  test('overwrite never takes files that are not an export', async () => {
    await mkdir(to('mine'));
    await writeFile(to('mine', 'config.json'), '{}');
    await expect(saveLayersModel(model, to('mine'), { overwrite: true })).rejects.toThrow(
      /mine holds more than an export \(config\.json\)/,
    );
    expect(await readdir(to('mine'))).toEqual(['config.json']);
    await mkdir(to('notes'));
    await writeFile(to('notes', 'README.md'), 'mine');
    await expect(saveLayersModel(model, to('notes'), { overwrite: true })).rejects.toThrow(
      /notes holds more than an export \(README\.md\)/,
    );
  });

  test('overwrite through a link replaces what it points to', async () => {
    await saveLayersModel(model, to('real'));
    await symlink(to('real'), to('link'));
    await writeFile(to('real', 'weights.bin'), 'damaged');
    await saveLayersModel(model, to('link'), { overwrite: true });
    (await loadLayersModel(to('real'))).dispose();
    expect((await readdir(folder)).sort()).toEqual(['link', 'real']);
  });

  test.each([
    ['a file', ['file'], /file is a file, not a folder/],
    ['below a file', ['file', 'toy'], /file\/toy could not be written: .*file/],
    ['two below a file', ['file', 'a', 'toy'], /file\/a\/toy could not be written: .*/],
  ])('%s is refused in one line, and nothing is written', async (_, path, message) => {
    await writeFile(to('file'), 'mine');
    const failure = await saveLayersModel(model, to(...path)).then(
      () => 'no error',
      (error: Error) => error.message,
    );
    expect(failure).toMatch(message);
    expect(failure).not.toContain('\n');
    expect(await readdir(folder)).toEqual(['file']);
    expect(await readFile(to('file'), 'utf8')).toBe('mine');
  });

  test('a model that does not reload to the same predictions is not kept', async () => {
    // The copy is made of what was saved, the model predicts with what it has by then.
    const fickle = createModel('mobilenet_toy', { seed: 1, inputShape: IMAGE });
    const save = fickle.save.bind(fickle);
    fickle.save = async (...args) => {
      const result = await save(...args);
      tf.tidy(() => {
        fickle.weights[0].write(tf.zerosLike(fickle.weights[0].read()));
      });
      return result;
    };
    await expect(saveLayersModel(fickle, to('fickle'))).rejects.toThrow(
      /predicts otherwise than mobilenet_toy/,
    );
    expect(await readdir(folder)).toEqual([]);
    fickle.dispose();
  });
});

describe('a damaged export is named', () => {
  let model: tf.LayersModel;

  beforeAll(async () => {
    await useBackend(TESTED_BACKENDS[0]);
    model = toy();
  });

  afterAll(() => void model.dispose());

  const rewrite = async (change: (json: tf.io.ModelJSON) => void): Promise<void> => {
    const json = JSON.parse(await readFile(to('toy', 'model.json'), 'utf8')) as tf.io.ModelJSON;
    change(json);
    await writeFile(to('toy', 'model.json'), JSON.stringify(json));
    await rm(to('toy', 'SHA256SUMS'));
  };

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['no model.json', () => rm(to('toy', 'model.json')), /model\.json: no such file/],
    ['half a model.json', () => truncate(to('toy', 'model.json'), 100), /model\.json is damaged: .*JSON/],
    [
      'other JSON',
      () => writeFile(to('toy', 'model.json'), '{"a": 1}'),
      /model\.json is damaged: .*modelTopology/,
    ],
    ['JSON null', () => writeFile(to('toy', 'model.json'), 'null'), /model\.json is damaged/],
    ['no weights.bin', () => rm(to('toy', 'weights.bin')), /weights\.bin: no such file/],
    [
      'half of weights.bin',
      () => truncate(to('toy', 'weights.bin'), 1000),
      /weights\.bin is damaged: .*Received: 1000/,
    ],
    [
      'a path out of the folder',
      () => rewrite(({ weightsManifest }) => (weightsManifest[0].paths = ['../secret'])),
      /model\.json is damaged: it names "\.\.\/secret"/,
    ],
    [
      'a shape that is none',
      () => rewrite(({ weightsManifest }) => (weightsManifest[0].weights[0].shape = '3' as never)),
      /model\.json is damaged: its weightsManifest does not tell paths and weights/,
    ],
    [
      'a weight of another type',
      () => rewrite(({ weightsManifest }) => (weightsManifest[0].weights[0].dtype = 'string')),
      /model\.json is damaged: its weightsManifest does not tell paths and weights/,
    ],
    [
      'an unknown layer',
      () =>
        rewrite(({ modelTopology }) => {
          const { config } = modelTopology as { config: { layers: { class_name: string }[] } };
          config.layers[1].class_name = 'Nonesuch';
        }),
      /model\.json could not be loaded: .*Nonesuch/,
    ],
  ])('%s', async (_, damage, message) => {
    await saveLayersModel(model, to('toy'));
    await damage();
    await expect(loadLayersModel(to('toy'))).rejects.toThrow(message);
  });
});

test('samePredictions sees a change in the last digits', async () => {
  await useBackend(TESTED_BACKENDS[0]);
  const [model, copy] = [toy(), toy()];
  expect(await samePredictions(model, copy, { count: 2, seed: 1 })).toBe(true);
  tf.tidy(() => {
    copy.getLayer('fc').weights[1].write(tf.fill([10], 1e-6));
  });
  expect(await samePredictions(model, copy, { count: 2, seed: 1 })).toBe(false);
  release(model, copy);
});

import { useBackend } from '../../src/backends/use-backend-node';
import { importOnnx } from '../../src/import/onnx';
import { assignTorchTensors, torchTensors } from '../../src/import/torch-weights';
import type { StoredTensor } from '../../src/safetensors/tensor';
import { TESTED_BACKENDS } from '../support/backends';
import { onnxFile } from '../support/onnx-files';
import { differenceFromOnnx } from '../support/onnxruntime';
import { savedAndLoaded } from '../support/saved-and-loaded';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

/** A convolution, a norm and a linear layer whose modules have a name, or the nodes if they have none. */
function file(module: string): Uint8Array {
  const norm = ['weight', 'bias', 'running_mean', 'running_var'].map((name) => `${module}.1.${name}`);
  return onnxFile({
    nodes: [
      ['Conv', ['x', `${module}.weight`, `${module}.bias`], [`${module} out`], { kernel_shape: [3, 3] }],
      ['BatchNormalization', [`${module} out`, ...norm], [`${module}:1`]],
      ['Mul', [`${module}:1`, 'rows'], ['m']],
      ['Relu', ['m'], ['y']],
    ],
    input: [8, 6, 5],
    weights: {
      [`${module}.weight`]: [4, 8, 3, 3],
      [`${module}.bias`]: [4],
      ...Object.fromEntries(norm.slice(0, 3).map((name) => [name, [4]])),
      [norm[3]]: { float: [1, 2, 3, 4] },
      rows: [4, 1],
    },
  });
}

const MODULES = ['_conv', '_blocks.0._depthwise_conv', 'conv 1', 'é', 'größe.0', '-x', '/x/y', 'a,b', '日本'];

test.each(MODULES)('a module called %p', async (module) => {
  const bytes = file(module);
  const model = importOnnx(bytes);
  for (const { name } of model.layers) expect(name).toMatch(/^[A-Za-z0-9][\w.-]*$/);
  expect(await differenceFromOnnx(bytes, model)).toBeLessThan(1e-5);

  // PyTorch finds its own names, in what is saved and loaded too.
  const loaded = await savedAndLoaded(model);
  const tensors = torchTensors(loaded);
  expect([...tensors.keys()]).toEqual(
    expect.arrayContaining([`${module}.weight`, `${module}.bias`, `${module}.1.running_var`]),
  );
  const given = new Map(
    [...tensors].map(([name, { shape, data }]) => {
      const doubled = data instanceof Float32Array ? data.map((value) => 2 * value) : data;
      return [name, { shape, data: doubled, dtype: 'F32' } as unknown as StoredTensor];
    }),
  );
  expect(assignTorchTensors(loaded, given).loaded).toBe(7);
  const [before, after] = [model, loaded].map((one) => one.getWeights()[0].dataSync());
  after.forEach((value, index) => expect(value).toBeCloseTo(2 * before[index], 6));
  model.dispose();
  loaded.dispose();
});

test('a module with a colon is no owner of weights, and its node is called without it', async () => {
  const bytes = file('a:b');
  const model = importOnnx(bytes);
  expect(await differenceFromOnnx(bytes, model)).toBeLessThan(1e-5);
  model.dispose();
});

test('two modules whose names come to the same stay two', () => {
  const bytes = onnxFile({
    nodes: [
      ['Conv', ['x', 'conv.weight'], ['a']],
      ['Conv', ['a', '_conv.weight'], ['b']],
      ['Conv', ['b', 'conv_1.weight'], ['y']],
    ],
    weights: { 'conv.weight': [8, 8, 1, 1], '_conv.weight': [8, 8, 1, 1], 'conv_1.weight': [8, 8, 1, 1] },
  });
  const model = importOnnx(bytes);
  expect([...torchTensors(model).keys()].slice(0, 2)).toEqual(['conv.weight', '_conv.weight']);
  expect(new Set(model.layers.map(({ name }) => name)).size).toBe(4);
  model.dispose();
});

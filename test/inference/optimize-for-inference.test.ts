import * as tf from '@tensorflow/tfjs';
import { createModel } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { ENGINE_NAMES } from '../../src/inference/engine';
import { tfjsEngine } from '../../src/inference/tfjs-engine';
import { optimizeForInference, type OptimizeOptions } from '../../src/inference/optimize-for-inference-node';
import { HAS_NATIVE, TESTED_BACKENDS } from '../support/backends';
import { expectEmptyBatch } from '../support/engine-contract';
import { drawWeights } from '../support/zoo-samples';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

test.each(['auto', ...ENGINE_NAMES] as const)(
  '%s predicts what the model predicts, at any batch',
  async (engine) => {
    const before = tf.memory().numTensors;
    const model = createModel('resnext_toy', { seed: 1 });
    drawWeights(model);
    if (engine === 'tensorflow' && !HAS_NATIVE) {
      await expect(optimizeForInference(model, { engine })).rejects.toThrow('tensorflow');
      model.dispose();
      return;
    }
    const optimized = await optimizeForInference(model, { engine });
    if (engine !== 'auto') expect([optimized.engine, optimized.tried]).toEqual([engine, []]);
    for (const batch of [1, 3]) {
      const images = tf.randomNormal<tf.Rank.R4>([batch, 32, 32, 3], 0, 1, 'float32', batch);
      const expected = model.predict(images) as tf.Tensor;
      const made = (await optimized.predict(images)) as tf.Tensor;
      const [values, wanted] = [made.dataSync(), expected.dataSync()];
      const scale = Math.max(...wanted.map(Math.abs));
      expect(made.shape).toEqual(expected.shape);
      expect(scale).toBeGreaterThan(0.1);
      expect(Math.max(...values.map((value, i) => Math.abs(value - wanted[i]))) / scale).toBeLessThan(1e-4);
      tf.dispose([images, expected, made]);
    }
    const none = tf.zeros<tf.Rank.R4>([0, 32, 32, 3]);
    const nothing = (await optimized.predict(none)) as tf.Tensor;
    expect(nothing.shape).toEqual([0, 10]);
    tf.dispose([none, nothing]);
    const small = tf.zeros<tf.Rank.R4>([1, 16, 32, 3]);
    await expect(optimized.predict(small)).rejects.toThrow('32, 32, 3');
    small.dispose();
    await optimized.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  },
);

test('the tfjs engine predicts nothing for no images', async () => {
  await expectEmptyBatch(tfjsEngine);
});

test('auto says what it tried, and takes the fastest', async () => {
  const model = createModel('mobilenet_toy', { seed: 1 });
  const { engine, tried, dispose } = await optimizeForInference(model, { batchSize: 2 });
  expect(tried.map((each) => each.engine).sort()).toEqual([...ENGINE_NAMES].sort());
  const times = tried.flatMap((each) => (each.milliseconds === undefined ? [] : [each]));
  expect(times.every(({ milliseconds = 0 }) => milliseconds >= times[0].milliseconds!)).toBe(true);
  expect(engine).toBe(times[0].engine);
  if (!HAS_NATIVE) expect(tried.find((each) => each.engine === 'tensorflow')?.reason).toContain('tensorflow');
  await dispose();
  model.dispose();
});

test.each<[unknown, string]>([
  [{ engine: 'onnxruntim' }, "(did you mean 'onnxruntime'?)"],
  [{ batchSize: 0 }, 'batchSize: expected a whole number of at least 1'],
])('%j is refused', async (options, message) => {
  const model = createModel('mobilenet_toy', { seed: 1 });
  await expect(optimizeForInference(model, options as OptimizeOptions)).rejects.toThrow(message);
  model.dispose();
});

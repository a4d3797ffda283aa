import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { EXPORT_FORMATS, FORMAT_NAMES } from '../../scripts/export-formats';
import { useBackend } from '../../src/backends/use-backend-node';
import { loadLayersModel } from '../../src/export/load-layers-model-node';
import { saveLayersModel } from '../../src/export/save-layers-model-node';
import { ENGINE_NAMES } from '../../src/inference/engine';
import { optimizeForInference } from '../../src/inference/optimize-for-inference-node';
import { HAS_NATIVE, TESTED_BACKENDS } from '../support/backends';

// Values that a layer reads twice, outputs that are listed twice, and an input that is an output.

const folder = mkdtempSync(join(tmpdir(), 'read-twice-'));
const IMAGE = [3, 4, 2];
const FACTOR = 1.5;

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
  jest.spyOn(console, 'warn').mockImplementation();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What each output is of `x`, where `d` is that times {@link FACTOR}. */
const EXPECTED: readonly ((x: number, d: number) => number)[] = [
  (_, d) => d,
  (x) => x,
  (_, d) => d ** 3 + 2 * d,
  (_, d) => d,
  (x) => x,
];

function build(): tf.LayersModel {
  const x = tf.input({ shape: IMAGE, name: 'x' });
  const layer = tf.layers.conv2d({ filters: 2, kernelSize: 1, useBias: false, name: 'd' });
  const d = layer.apply(x) as tf.SymbolicTensor;
  tf.tidy(() => layer.setWeights([tf.tensor4d([FACTOR, 0, 0, FACTOR], [1, 1, 2, 2])]));
  const square = tf.layers.multiply({ name: 'square' }).apply([d, d]);
  const cube = tf.layers.multiply({ name: 'cube' }).apply([square as tf.SymbolicTensor, d]);
  const sum = tf.layers.add({ name: 'sum' }).apply([cube as tf.SymbolicTensor, d, d]) as tf.SymbolicTensor;
  return tf.model({ inputs: x, outputs: [d, x, sum, d, x], name: 'read_twice' });
}

function check(made: readonly tf.Tensor[], images: tf.Tensor): void {
  expect(made).toHaveLength(EXPECTED.length);
  made.forEach((tensor, i) => {
    const values = tensor.dataSync();
    [...images.dataSync()].forEach((x, at) => expect(values[at]).toBeCloseTo(EXPECTED[i](x, FACTOR * x), 4));
    // Each is its own.
    tensor.dispose();
  });
}

test.each(ENGINE_NAMES)('engine %s', async (engine) => {
  if (engine === 'tensorflow' && !HAS_NATIVE) return;
  const model = build();
  const optimized = await optimizeForInference(model, { engine });
  const images = tf.randomNormal<tf.Rank.R4>([3, ...IMAGE] as never, 0, 1, 'float32', 5);
  check([await optimized.predict(images)].flat(), images);
  await optimized.dispose();
  images.dispose();
  model.dispose();
});

test.each(FORMAT_NAMES)('format %s is right when it is run', async (format) => {
  const model = build();
  const { kind, write } = EXPORT_FORMATS[format];
  const to = join(
    folder,
    kind === 'file' ? `${format}.${format === 'onnx' ? 'onnx' : 'safetensors'}` : format,
  );
  const { verified } = await write(model, to, {
    description: { model: model.name, output: 'logits', weights: { kind: 'initial', seed: 0 } },
    card: () => '',
  });
  if (format !== 'saved-model' || HAS_NATIVE) expect('unverified' in verified).toBe(false);
  model.dispose();
});

test('a model that was saved and loaded', async () => {
  const model = build();
  await saveLayersModel(model, join(folder, 'saved'));
  const loaded = await loadLayersModel(join(folder, 'saved'));
  const images = tf.randomNormal([3, ...IMAGE], 0, 1, 'float32', 5);
  check(loaded.predict(images) as tf.Tensor[], images);
  images.dispose();
  loaded.dispose();
  model.dispose();
});

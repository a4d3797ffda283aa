import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import { createModel } from '../../models';
import { EXPORT_FORMATS, type FormatName } from '../../scripts/export-formats';
import { CardinalError } from '../../src/errors';
import { verifyFile } from '../../src/files/checksums';
import { loadLayersModel } from '../../src/export/load-layers-model-node';
import { loadGraphModel } from '../../src/import/graph-model';
import { importOnnxFile } from '../../src/import/onnx-node';
import { saveTorchWeights } from '../../src/import/torch-weights-node';
import { readSafetensors } from '../../src/safetensors/file-node';
import {
  createRun,
  readCheckpoint,
  readMetrics,
  readResult,
  readRunConfig,
  writeProgress,
  writeResult,
} from '../../src/train/run-folder-node';
import { drawing, flipBit } from './mutate';
import { madeResult, madeState, RUN_CONFIG } from './made-run';
import { rounds } from './rounds';

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = mkdtempSync(join(tmpdir(), 'flipped-bits-'));
  const model = createModel('resnext_toy', { inputShape: [8, 8, 3], seed: 1 });
  const description = { model: 'resnext_toy', weights: { kind: 'initial' as const, seed: 1 } };
  const write = (format: FormatName, to: string, externalData?: true) =>
    EXPORT_FORMATS[format].write(model, join(folder, to), {
      description: description as never,
      externalData,
      card: () => '# A card\n',
    });
  await write('layers-model', 'layers');
  await write('graph-model', 'graph');
  await write('onnx', 'toy.onnx');
  await write('onnx', 'external.onnx', true);
  await write('saved-model', 'saved');
  await write('safetensors', 'toy.safetensors');
  await saveTorchWeights(model, join(folder, 'torch.safetensors'));
  model.dispose();
  const run = join(folder, 'run');
  await createRun(run, RUN_CONFIG);
  await writeProgress(run, madeState(1), { isBest: true });
  await writeResult(run, madeResult(1));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

const disposed = (model: Promise<{ dispose(): unknown }>) => model.then((each) => void each.dispose());
const layers = (path: string) => disposed(loadLayersModel(dirname(path)));
const graph = (path: string) => disposed(loadGraphModel(path.replace(/[^/\\]+$/, 'model.json')));
const onnx = (path: string) => disposed(importOnnxFile(path.replace(/\.data$/, '')));

// What is written, and what reads it.
test.each<[string, (path: string) => Promise<unknown>]>([
  ['layers/model.json', layers],
  ['layers/weights.bin', layers],
  ['graph/model.json', graph],
  ['graph/group1-shard1of1.bin', graph],
  ['toy.onnx', onnx],
  ['external.onnx', onnx],
  ['external.onnx.data', onnx],
  // Only TensorFlow reads it; the list is for sha256sum.
  ['saved/saved_model.pb', verifyFile],
  ['toy.safetensors', readSafetensors],
  ['torch.safetensors', readSafetensors],
  ['run/best.safetensors', (path) => readCheckpoint(dirname(path), 'best')],
  ['run/last.safetensors', (path) => readCheckpoint(dirname(path), 'last')],
  ['run/config.json', (path) => readRunConfig(dirname(path))],
  ['run/metrics.jsonl', (path) => readMetrics(dirname(path))],
  ['run/result.json', (path) => readResult(dirname(path))],
])(
  'one bit of %s that is turned over is seen, wherever it is',
  async (name, read) => {
    const path = join(folder, name);
    const sound = readFileSync(path);
    await read(path);
    const tensors = tf.memory().numTensors;
    for (let seed = 0; seed < rounds(8, 200); seed++) {
      writeFileSync(path, flipBit(sound, drawing(seed)));
      const error: unknown = await read(path).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CardinalError);
      expect((error as Error).message).toContain(basename(name));
    }
    expect(tf.memory().numTensors).toBe(tensors);
    writeFileSync(path, sound);
    await read(path);
  },
  600_000,
);

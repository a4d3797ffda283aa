import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

import { useBackend } from '../../../src/backends/use-backend-node';
import { split } from '../../../src/data/image-dataset';
import { foldBatchNorm } from '../../../src/graph/fold-batch-norm';
import { lowerModel } from '../../../src/graph/lower-model';
import { toOnnx } from '../../../src/export/onnx';
import { importOnnx } from '../../../src/import/onnx';
import { loadTorchWeights, saveTorchWeights } from '../../../src/import/torch-weights-node';
import { optimizeForInference } from '../../../src/inference/optimize-for-inference-node';
import { evaluate } from '../../../src/train/evaluate';
import { train } from '../../../src/train/train';
import { smallDataset, smallModel } from '../../train/small-problem';

/** Tensors that are there and bytes of the process after each of ROUNDS rounds of all that a model goes through. */
async function main(): Promise<void> {
  await useBackend((process.env.BACKEND ?? 'auto') as 'auto');
  const folder = mkdtempSync(join(tmpdir(), 'cardinal-rounds-'));
  const images = smallDataset(24);
  const tensors: number[] = [];
  const megabytes: number[] = [];
  try {
    for (let round = 0; round < Number(process.env.ROUNDS); round++) {
      const model = smallModel();
      const { train: rest, validation } = split(images, { validation: 8, seed: round });
      await train(model, { train: rest, validation }, { epochs: 1, batchSize: 8, ema: 0.9, mixup: 0.2 });
      await evaluate(model, validation);
      tf.tidy(() => void model.predict(tf.zeros([3, 8, 8, 3])));
      const file = join(folder, 'small.safetensors');
      await saveTorchWeights(model, file);
      await loadTorchWeights(model, file);
      importOnnx(toOnnx(foldBatchNorm(lowerModel(model)))).dispose();
      const zeros = tf.zeros<tf.Rank.R4>([3, 8, 8, 3]);
      const optimized = await optimizeForInference(model);
      tf.dispose([zeros, await optimized.predict(zeros)].flat());
      await optimized.dispose();
      model.dispose();
      global.gc?.();
      tensors.push(tf.memory().numTensors);
      megabytes.push(Math.round(process.memoryUsage().rss / 1e6));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  process.stdout.write(JSON.stringify({ tensors, megabytes }));
}

void main();

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { createModel } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { loadLayersModel } from '../../src/export/load-layers-model-node';
import { saveLayersModel } from '../../src/export/save-layers-model-node';
import { train } from '../../src/train/train';
import { TESTED_BACKENDS } from '../support/backends';
import { smallDataset } from '../train/small-problem';

// The cpu backend computes with the same code of ours as wasm, only many times slower.
const QUICK_BACKENDS = TESTED_BACKENDS.filter((backend) => backend !== 'cpu');

test.each(QUICK_BACKENDS)(
  '20 training steps, an export and a reload leave the tensors as many on %s',
  async (backend) => {
    await useBackend(backend);
    const folder = await mkdtemp(join(tmpdir(), 'cardinal-no-leak-'));
    const images = smallDataset(80);
    const model = createModel('resnext_toy', { numClasses: 3, inputShape: [8, 8, 3], seed: 1 });
    try {
      const trainAndExport = async (name: string, epochs: number): Promise<number> => {
        const { steps } = await train(
          model,
          { train: images },
          { epochs, batchSize: 16, ema: 0.9, mixup: 0.2 },
        );
        await saveLayersModel(model, join(folder, name));
        (await loadLayersModel(join(folder, name))).dispose();
        return steps;
      };
      await trainAndExport('first', 1); // makes what is made once and kept
      const before = tf.memory().numTensors;
      expect(await trainAndExport('second', 4)).toBe(20);
      expect(tf.memory().numTensors).toBe(before);
    } finally {
      model.dispose();
      await rm(folder, { recursive: true });
    }
  },
);

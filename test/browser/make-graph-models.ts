import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import type { ModelName } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { toGraphModel } from '../../src/export/graph-model';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import { lowerModel } from '../../src/graph/lower-model';
import { sampleImages, sampleModel } from '../support/zoo-samples';

/** Between them they have every operation of the zoo that a graph has, but for ConvNeXt's. */
const NAMES = ['resnext_toy', 'seresnext_toy', 'mobilenet_v3_toy', 'shufflenet_v2_x1_0_cifar'] as const;

/** Writes GraphModels into the folder that is its argument, each with images and what its model makes of them. */
async function main(folder: string): Promise<void> {
  await useBackend('auto');
  for (const name of NAMES satisfies readonly ModelName[]) {
    const model = sampleModel(name);
    const images = sampleImages(model, 2);
    const logits = model.predict(images) as tf.Tensor;
    mkdirSync(join(folder, name));
    for (const [file, bytes] of toGraphModel(foldBatchNorm(lowerModel(model)))) {
      writeFileSync(join(folder, name, file), bytes);
    }
    const sample = {
      shape: images.shape,
      images: Array.from(images.dataSync()),
      logits: Array.from(logits.dataSync()),
    };
    writeFileSync(join(folder, name, 'sample.json'), JSON.stringify(sample));
    tf.dispose([images, logits]);
    model.dispose();
  }
}

void main(process.argv[2]);

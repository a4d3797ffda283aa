import * as tf from '@tensorflow/tfjs';

import type { ImageDataset } from '../../../src/data/image-dataset';
import { parseSafetensors } from '../../../src/safetensors/parse';
import { serialiseSafetensors } from '../../../src/safetensors/serialise';
import { encodeTrainState } from '../../../src/train/checkpoint';
import { readCheckpoint } from '../../../src/train/run-folder-node';
import { train, type TrainOptions } from '../../../src/train/train';
import type { TrainState } from '../../../src/train/train-state';
import { type Draw, mutateBytes, mutateJson } from '../mutate';
import { holdSubject } from '../subject';

const NAME = 'last.safetensors';
const images: ImageDataset = {
  name: 'made/train',
  images: Uint8Array.from({ length: 4 * 12 }, (_, i) => (i * 37) % 251),
  labels: Uint8Array.of(0, 1, 0, 1),
  count: 4,
  imageShape: [2, 2, 3],
  classNames: ['even', 'odd'],
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
};
const RECIPE: TrainOptions = {
  epochs: 1,
  batchSize: 2,
  optimizer: 'adamw',
  ema: 0.9,
  seed: 1,
  cutout: 0,
  padCrop: 0,
};

const network = (): tf.LayersModel => {
  const { layers } = tf;
  return tf.sequential({
    layers: [
      layers.flatten({ inputShape: [2, 2, 3] }),
      layers.dense({ units: 4, name: 'hidden' }),
      layers.batchNormalization({ name: 'norm' }),
      layers.dense({ units: 2, name: 'out' }),
    ],
  });
};

async function trained(): Promise<Uint8Array> {
  const model = network();
  let kept: TrainState | undefined;
  await train(model, { train: images }, { ...RECIPE, onCheckpoint: (state) => void (kept = state) });
  model.dispose();
  const { tensors, metadata } = encodeTrainState(kept!);
  return serialiseSafetensors(tensors, metadata);
}

/** The checkpoint with something else in its account of where the run stands. */
function standingElsewhere(bytes: Uint8Array, draw: Draw): Uint8Array {
  const { tensors, metadata } = parseSafetensors(bytes);
  const progress = mutateJson(new TextEncoder().encode(metadata.get('progress')), draw);
  return serialiseSafetensors(
    tensors,
    new Map([...metadata, ['progress', new TextDecoder().decode(progress)]]),
  );
}

void tf
  .setBackend('cpu')
  .then(trained)
  .then((bytes) =>
    holdSubject({
      files: { [NAME]: bytes },
      mutate: (_, draw) => ({
        [NAME]: draw() < 0.5 ? mutateBytes(bytes, draw) : standingElsewhere(bytes, draw),
      }),
      // As `cardinal train --resume` does it; nothing is left to train where the file is sound.
      read: async (folder) => {
        const resumeFrom = await readCheckpoint(folder, 'last');
        const model = network();
        try {
          await train(model, { train: images }, { ...RECIPE, resumeFrom });
        } finally {
          model.dispose();
        }
      },
    }),
  );

import * as tf from '@tensorflow/tfjs';
import { trainableParameters } from '../../../src/train/weights';
import { readInputs } from './inputs';
import { buildNetwork } from './network';
import { outputOf } from './outputs';
import type { Prepared, Setting } from './works';

/** The logits of a batch, read. */
export async function prepareInference(setting: Setting<'inference'>): Promise<Prepared> {
  const model = await buildNetwork(setting);
  const { images, labels } = await readInputs(setting.folder);
  const predict = (): tf.Tensor => model.predict(images, { batchSize: setting.work.batch }) as tf.Tensor;
  return {
    parameters: trainableParameters(model).reduce((sum, { variable }) => sum + variable.size, 0),
    check: async () => new Map([['logits', outputOf(predict())]]),
    step: () => {
      const logits = predict();
      logits.dataSync();
      logits.dispose();
    },
    dispose: () => {
      model.dispose();
      tf.dispose([images, labels]);
    },
  };
}

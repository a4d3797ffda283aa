import * as tf from '@tensorflow/tfjs';
import { repeatedStep } from '../training-step';
import { readInputs } from './inputs';
import { buildNetwork } from './network';
import { outputOf } from './outputs';
import type { Output, Prepared, Setting } from './works';

/** A training step: forward, loss, gradients, optimiser; the loss is read, as every training loop reads it. */
export async function prepareTraining(setting: Setting<'training'>): Promise<Prepared> {
  const { work, folder, optimizer } = setting;
  const model = await buildNetwork(setting);
  const { images, labels } = await readInputs(folder);
  // What a program without this package would do is no step of ours as one call.
  const compile = setting.implementation !== 'stock';
  const repeated = repeatedStep(model, images, Int32Array.from(labels.dataSync()), optimizer, compile);
  return {
    parameters: repeated.parameters,
    step: repeated.step,
    check: async () => {
      const outputs = new Map<string, Output>();
      outputs.set('logits', outputOf(tf.tidy(() => model.apply(images, { training: false }) as tf.Tensor)));
      const losses = Float32Array.from({ length: work.checkedSteps }, repeated.step);
      return outputs.set('losses', { shape: [losses.length], data: losses });
    },
    dispose: () => {
      repeated.dispose();
      model.dispose();
      tf.dispose([images, labels]);
    },
  };
}

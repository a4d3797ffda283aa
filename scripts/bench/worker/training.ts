import * as tf from '@tensorflow/tfjs';
import { CardinalError } from '../../../src/errors';
import { createOptimizer } from '../../../src/train/create-optimizer';
import { resolveRecipe } from '../../../src/train/recipe';
import { softTargets } from '../../../src/train/targets';
import { TrainingStep } from '../../../src/train/training-step';
import { trainableParameters } from '../../../src/train/weights';
import { readInputs } from './inputs';
import { buildNetwork } from './network';
import { outputOf } from './outputs';
import type { Output, Prepared, Setting } from './works';

function onNotCompiled(reason: string): void {
  throw new CardinalError(`the step was not compiled: ${reason}`);
}

/** A training step: forward, loss, gradients, optimiser; the loss is read, as every training loop reads it. */
export async function prepareTraining(setting: Setting<'training'>): Promise<Prepared> {
  const { work, folder, optimizer: settings } = setting;
  const model = await buildNetwork(setting);
  const { images, labels } = await readInputs(folder);
  const classes = model.outputs[0].shape[1] as number;
  const hard = softTargets(Int32Array.from(labels.dataSync()), classes, 0);
  const targets = tf.tensor2d(hard, [work.batch, classes]);
  const parameters = trainableParameters(model);
  const { momentum, weightDecay, learningRate } = settings;
  const optimizer = createOptimizer(resolveRecipe({ optimizer: 'sgd', momentum, weightDecay }), parameters);

  // What a program without this package would do is no step of ours as one call.
  const compile = setting.implementation !== 'stock';
  const trainingStep = new TrainingStep({ model, parameters, optimizer, seed: 1, compile, onNotCompiled });

  const step = (): number => {
    const { loss, commit } = trainingStep.run({ images, targets }, learningRate, 0);
    commit();
    return loss;
  };
  return {
    parameters: parameters.reduce((sum, { variable }) => sum + variable.size, 0),
    step,
    check: async () => {
      const outputs = new Map<string, Output>();
      outputs.set('logits', outputOf(tf.tidy(() => model.apply(images, { training: false }) as tf.Tensor)));
      const losses = Float32Array.from({ length: work.checkedSteps }, step);
      return outputs.set('losses', { shape: [losses.length], data: losses });
    },
    dispose: () => {
      trainingStep.dispose();
      optimizer.dispose();
      model.dispose();
      tf.dispose([images, labels, targets]);
    },
  };
}

import * as tf from '@tensorflow/tfjs';
import { CardinalError } from '../../src/errors';
import { createOptimizer } from '../../src/train/create-optimizer';
import { resolveRecipe } from '../../src/train/recipe';
import { softTargets } from '../../src/train/targets';
import { TrainingStep } from '../../src/train/training-step';
import { trainableParameters } from '../../src/train/weights';
import type { OPTIMIZER } from './protocol';

/** A training step that is repeated with the same batch. */
export interface RepeatedStep {
  /** Trainable weights' elements. */
  readonly parameters: number;
  /** Forward, loss, gradients, optimiser; the loss is read, as every training loop reads it. */
  step(): number;
  /** Frees all but the model and the images. */
  dispose(): void;
}

/**
 * A model's training step for one batch.
 *
 * @param compile whether it is one call of the backend
 * @throws CardinalError from the first step, if it was to be compiled and cannot be
 */
export function repeatedStep(
  model: tf.LayersModel,
  images: tf.Tensor,
  labels: Int32Array,
  { momentum, weightDecay, learningRate }: typeof OPTIMIZER,
  compile: boolean,
): RepeatedStep {
  const classes = model.outputs[0].shape[1] as number;
  const targets = tf.tensor2d(softTargets(labels, classes, 0), [labels.length, classes]);
  const parameters = trainableParameters(model);
  const optimizer = createOptimizer(resolveRecipe({ optimizer: 'sgd', momentum, weightDecay }), parameters);
  const onNotCompiled = (reason: string) => {
    throw new CardinalError(`the step was not compiled: ${reason}`);
  };
  const step = new TrainingStep({ model, parameters, optimizer, seed: 1, compile, onNotCompiled });
  return {
    parameters: parameters.reduce((sum, { variable }) => sum + variable.size, 0),
    step: () => {
      const { loss, commit } = step.run({ images, targets }, learningRate, 0);
      commit();
      return loss;
    },
    dispose: () => {
      step.dispose();
      optimizer.dispose();
      targets.dispose();
    },
  };
}

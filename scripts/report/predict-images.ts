import type * as tf from '@tensorflow/tfjs';

import type { ImageDataset } from '../../src/data/image-dataset';
import { evaluate, type EvaluateOptions } from '../../src/train/evaluate';

/** What a model takes an image for. */
export interface Prediction {
  /** The class with the highest logit. */
  readonly predicted: number;
  /** Its softmax, from 0 to 1. */
  readonly confidence: number;
}

/**
 * What a model that outputs logits takes each image of a dataset for, in the order of the dataset.
 *
 * @param options of which `testTimeAugmentation` should be what the run was tested with
 * @throws InvalidArgumentError if the model's input or output does not fit the dataset
 * @throws InterruptedError once `signal` is aborted
 *
 * @example
 * const [{ predicted }] = await predictImages(model, cifar10.test, { testTimeAugmentation: 'none' });
 */
export async function predictImages(
  model: tf.LayersModel,
  dataset: ImageDataset,
  options: Pick<EvaluateOptions, 'testTimeAugmentation' | 'signal' | 'onProgress'>,
): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  const classes = dataset.classNames.length;
  await evaluate(model, dataset, {
    ...options,
    onLogits: (logits, { count }) => {
      for (let i = 0; i < count; i++)
        predictions.push(predictionOf(logits.subarray(i * classes, (i + 1) * classes)));
    },
  });
  return predictions;
}

function predictionOf(logits: Float32Array): Prediction {
  const predicted = logits.indexOf(Math.max(...logits));
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - logits[predicted]), 0);
  return { predicted, confidence: 1 / sum };
}

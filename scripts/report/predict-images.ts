import * as tf from '@tensorflow/tfjs';

import { batches } from '../../src/data/batches';
import type { ImageDataset } from '../../src/data/image-dataset';
import { InterruptedError } from '../../src/errors';
import { breathe } from '../../src/train/breathe';
import { checkModel } from '../../src/train/evaluate';
import { testTimeViews, type TestTimeAugmentation } from '../../src/train/test-time-views';

/** What a model takes an image for. */
export interface Prediction {
  /** The class with the highest logit. */
  readonly predicted: number;
  /** Its softmax, from 0 to 1. */
  readonly confidence: number;
}

export interface PredictImagesOptions {
  /** Views of each image whose logits are averaged, as the run's test took them. */
  readonly testTimeAugmentation: TestTimeAugmentation;
  readonly signal?: AbortSignal;
  /** Called after each batch with the images done and all images. */
  readonly onProgress?: (done: number, total: number) => void;
}

const BATCH_SIZE = 256;

/**
 * What a model that outputs logits takes each image of a dataset for, in the order of the dataset.
 *
 * @throws InvalidArgumentError if the model's input or output does not fit the dataset
 * @throws InterruptedError once `signal` is aborted
 *
 * @example
 * const [{ predicted }] = await predictImages(model, cifar10.test, { testTimeAugmentation: 'none' });
 */
export async function predictImages(
  model: tf.LayersModel,
  dataset: ImageDataset,
  { testTimeAugmentation, signal, onProgress }: PredictImagesOptions,
): Promise<Prediction[]> {
  checkModel(model, dataset);
  const predictions: Prediction[] = [];
  for (const { images, count } of batches(dataset, { batchSize: BATCH_SIZE })) {
    if (signal?.aborted === true) throw new InterruptedError('the prediction was interrupted');
    const [classes, confidences] = tf.tidy(() => {
      const views = testTimeViews(tf.tensor4d(images, [count, ...dataset.imageShape]), testTimeAugmentation);
      const logits = tf.addN(
        views.map((view) => tf.mul(model.apply(view.images, { training: false }) as tf.Tensor, view.weight)),
      );
      return [tf.argMax(logits, -1), tf.max(tf.softmax(logits), -1)];
    });
    try {
      const [predicted, confidence] = await Promise.all([classes.data(), confidences.data()]);
      for (let i = 0; i < count; i++)
        predictions.push({ predicted: predicted[i], confidence: confidence[i] });
    } finally {
      tf.dispose([classes, confidences]);
    }
    onProgress?.(predictions.length, dataset.count);
    await breathe();
  }
  return predictions;
}

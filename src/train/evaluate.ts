import * as tf from '@tensorflow/tfjs';

import { checkDatasetKind, checkModel as checkModelKind } from '../check-kinds';
import { checkOptions, type OptionNames } from '../check-options';
import { batches, type Batch } from '../data/batches';
import { checkDataset } from '../data/check-dataset';
import type { ImageDataset } from '../data/image-dataset';
import { check, InterruptedError } from '../errors';
import { countCorrect, crossEntropySum, predictedClasses } from './classification';
import { breathe } from './breathe';
import { logitsModel } from './logits-model';
import { OwnBackend } from './own-backend';
import { testTimeViews, type TestTimeAugmentation } from './test-time-views';

export interface EvaluateOptions {
  /** Default 256. */
  readonly batchSize?: number;
  /** Views of each image whose logits are averaged; default `none`, the image alone. */
  readonly testTimeAugmentation?: TestTimeAugmentation;
  /** Called after each batch with the images done and all images. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Called after each batch with its logits, `[count, classes]` row-major. */
  readonly onLogits?: (logits: Float32Array, batch: Batch) => void;
  readonly signal?: AbortSignal;
}

const OPTIONS: OptionNames<EvaluateOptions> = {
  batchSize: true,
  testTimeAugmentation: true,
  onProgress: true,
  onLogits: true,
  signal: true,
};

export interface Evaluation {
  /** Mean softmax cross-entropy an image, in natural units. */
  readonly loss: number;
  /** Share of the images whose highest logit is at their class, from 0 to 1. */
  readonly accuracy: number;
  readonly count: number;
  readonly imagesPerSecond: number;
  /** `[true class][predicted class]`, numbers of images. */
  readonly confusion: readonly (readonly number[])[];
  /** Share of right predictions by true class; `NaN` for a class without images. */
  readonly classAccuracy: readonly number[];
}

/**
 * Loss and accuracy of a model that outputs logits, or ends in a softmax of them, on all images of a dataset.
 *
 * All of it runs on the backend that is current at the call.
 *
 * @throws InvalidArgumentError if the model's input or output does not fit the dataset, or the dataset's arrays do not
 *   fit together
 * @throws InterruptedError once `signal` is aborted
 *
 * @example
 * const { accuracy } = await evaluate(model, cifar10.test);
 */
export async function evaluate(
  model: tf.LayersModel,
  dataset: ImageDataset,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  checkModelKind('evaluate', model);
  checkDatasetKind('dataset', dataset);
  checkOptions('evaluate', options, OPTIONS);
  checkDataset(dataset, 'dataset');
  checkModel(model, dataset);
  const { model: logits, release } = logitsModel(model);
  try {
    return await evaluateLogits(logits, dataset, options);
  } finally {
    release();
  }
}

async function evaluateLogits(
  model: tf.LayersModel,
  dataset: ImageDataset,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { batchSize = 256, testTimeAugmentation = 'none', onProgress, onLogits, signal } = options;
  const classes = dataset.classNames.length;
  const confusion = dataset.classNames.map(() => new Array<number>(classes).fill(0));
  const backend = new OwnBackend(() => model.weights);
  let loss = 0;
  let correct = 0;
  let done = 0;
  let milliseconds = 0;
  for (const batch of batches(dataset, { batchSize })) {
    if (signal?.aborted === true) throw new InterruptedError('the evaluation was interrupted');
    const start = performance.now();
    const shape: tf.Tensor4D['shape'] = [batch.count, ...dataset.imageShape];
    const logits = await backend.during(() => infer(model, batch.images, shape, testTimeAugmentation));
    milliseconds += performance.now() - start;
    const predicted = predictedClasses(logits, classes);
    loss += crossEntropySum(logits, batch.labels, classes);
    correct += countCorrect(predicted, batch.labels);
    predicted.forEach((guess, i) => confusion[batch.labels[i]][guess]++);
    onLogits?.(logits, batch);
    done += batch.count;
    onProgress?.(done, dataset.count);
    await breathe();
  }
  return {
    loss: loss / done,
    accuracy: correct / done,
    count: done,
    imagesPerSecond: (done / milliseconds) * 1000,
    confusion,
    classAccuracy: confusion.map((row, label) => row[label] / row.reduce((sum, n) => sum + n, 0)),
  };
}

async function infer(
  model: tf.LayersModel,
  images: Float32Array,
  shape: tf.Tensor4D['shape'],
  augmentation: TestTimeAugmentation,
): Promise<Float32Array> {
  const logits = tf.tidy(() => {
    const views = testTimeViews(tf.tensor4d(images, shape), augmentation);
    const seen = views.map((view) => model.apply(view.images, { training: false }) as tf.Tensor);
    return seen.length === 1 ? seen[0] : tf.addN(seen.map((each, i) => tf.mul(each, views[i].weight)));
  });
  try {
    return (await logits.data()) as Float32Array;
  } finally {
    logits.dispose();
  }
}

/** Throws an InvalidArgumentError unless `model` takes the images of `dataset` and outputs a number for each class. */
export function checkModel(model: tf.LayersModel, dataset: ImageDataset): void {
  check(dataset.count > 0, 'data', `at least one image in ${dataset.name}`, dataset.count);
  const single = model.inputs.length === 1 && model.outputs.length === 1;
  check(single, 'model', 'one input and one output', [model.inputs.length, model.outputs.length]);
  const input = model.inputs[0].shape.slice(1);
  const fits = input.length === 3 && input.every((n, i) => n === null || n === dataset.imageShape[i]);
  check(fits, 'model', `an input of [${dataset.imageShape.join(', ')}], as ${dataset.name} has`, input);
  const output = model.outputs[0].shape.slice(1);
  const classes = dataset.classNames.length;
  const counted = output.length === 1 && output[0] === classes;
  check(counted, 'model', `an output of [${classes}], the classes of ${dataset.name}`, output);
}

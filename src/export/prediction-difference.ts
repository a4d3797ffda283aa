import * as tf from '@tensorflow/tfjs';

import { countReaders } from '../backends/accelerate/count-readers';
import { probeInputs } from './noise-images';

/** What a model puts out for a batch: the values of each output, whatever computes them. */
export type Predict = (inputs: readonly tf.Tensor[]) => Promise<readonly ArrayLike<number>[]>;

/** How far a model and what was made of it may be apart in float32: rounding comes to some 1e-6 a layer at most. */
export const LARGEST_FLOAT32_DIFFERENCE = 1e-4;

/** How far two models are apart on the same seeded images. */
export interface PredictionDifference {
  /** Images in all batches. */
  readonly images: number;
  /** The largest difference of two outputs for the same image, divided by the largest output of the first model. */
  readonly largest: number;
}

export interface DifferenceOptions {
  /** Images in each batch. */
  readonly batches: readonly number[];
  readonly seed: number;
}

/**
 * Runs two models on the same seeded images and tells how far their outputs are apart; Infinity where one puts out
 * something else altogether.
 *
 * @param inputShapes of the models' inputs, the batch first
 *
 * @example
 * const { largest } = await predictionDifference(predictOf(model), predictOf(copy), shapes, { batches: [3, 1], seed: 1 });
 */
export async function predictionDifference(
  first: Predict,
  second: Predict,
  inputShapes: readonly tf.Shape[],
  { batches, seed }: DifferenceOptions,
): Promise<PredictionDifference> {
  let largest = 0;
  for (const count of batches) {
    const inputs = probeInputs(inputShapes, count, seed);
    try {
      largest = Math.max(largest, differenceOf(await first(inputs), await second(inputs)));
    } finally {
      tf.dispose(inputs);
    }
  }
  return { images: batches.reduce((sum, count) => sum + count, 0), largest };
}

/** What predicts as a LayersModel or a GraphModel of tfjs does. */
export interface Predictor {
  predict(
    inputs: tf.Tensor | tf.Tensor[],
    options: { batchSize?: number },
  ): tf.Tensor | tf.Tensor[] | tf.NamedTensorMap;
}

/** `model.predict` as a function of the kind that {@link predictionDifference} takes. */
export function predictOf(model: Predictor): Predict {
  if (model instanceof tf.LayersModel) countReaders(model);
  return async (inputs) => {
    const all = inputs.length === 1 ? inputs[0] : [...inputs];
    const predicted = model.predict(all, { batchSize: inputs[0].shape[0] });
    const isOne = Array.isArray(predicted) || predicted instanceof tf.Tensor;
    const outputs: tf.Tensor[] = isOne ? [predicted].flat() : Object.values(predicted);
    try {
      return await Promise.all(outputs.map((output) => output.data()));
    } finally {
      tf.dispose(outputs);
    }
  };
}

function differenceOf(first: readonly ArrayLike<number>[], second: readonly ArrayLike<number>[]): number {
  if (first.length !== second.length) return Infinity;
  return first.reduce((largest, values, i) => Math.max(largest, relativeDifference(values, second[i])), 0);
}

/** The largest difference of two lists of numbers, by the largest of the first; Infinity where they cannot be compared. */
export function relativeDifference(values: ArrayLike<number>, others: ArrayLike<number>): number {
  if (values.length !== others.length) return Infinity;
  let [difference, size] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (Object.is(values[i], others[i])) continue;
    const apart = Math.abs(values[i] - others[i]);
    // NaN on one side only.
    if (Number.isNaN(apart)) return Infinity;
    difference = Math.max(difference, apart);
  }
  if (difference === 0) return 0;
  for (let i = 0; i < values.length; i++) size = Math.max(size, Math.abs(values[i]));
  return size === 0 ? Infinity : difference / size;
}

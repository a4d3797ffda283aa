import * as tf from '@tensorflow/tfjs';

import { check, InterruptedError } from '../errors';
import { noiseImages } from '../export/noise-images';

export interface MeasureOptions {
  readonly batchSize: number;
  /** Predictions of each model before any is timed; default 3. */
  readonly warmUp?: number;
  /** Timed predictions of each model, at least; default 5. */
  readonly leastRounds?: number;
  /** Timed predictions of each model, at most; default 50. */
  readonly mostRounds?: number;
  /** Milliseconds after which there are no more rounds than the least; default 6,000. */
  readonly budget?: number;
  /** Of the images, which are noise; default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onRound?: (done: number, total: number) => void;
  /** Milliseconds since some fixed time. */
  readonly now?: () => number;
}

/**
 * The median time, in milliseconds, that each model takes to predict a batch, until the outputs are in memory.
 *
 * The models take turns (A B A B …), so that whatever else the machine does meanwhile slows all of them alike, and
 * the median keeps out what slows a single one.
 *
 * @throws InvalidArgumentError for a model with several inputs or without a fixed image size
 * @throws InterruptedError once `signal` is aborted
 *
 * @example
 * const [dense, grouped] = await measureInTurns([denseModel, groupedModel], { batchSize: 1 });
 */
export async function measureInTurns(
  models: readonly tf.LayersModel[],
  options: MeasureOptions,
): Promise<number[]> {
  const { batchSize, warmUp = 3, leastRounds = 5, mostRounds = 50, budget = 6_000, seed = 0 } = options;
  const { signal, onRound, now = () => performance.now() } = options;
  check(Number.isInteger(batchSize) && batchSize > 0, 'batchSize', 'a whole number of at least 1', batchSize);
  check(leastRounds >= 1 && leastRounds <= mostRounds, 'leastRounds', `from 1 to ${mostRounds}`, leastRounds);
  const shapes = models.map((model) => imageShape(model));
  const images = shapes.map((shape) => noiseImages([batchSize, ...shape], seed));
  const times: number[][] = models.map(() => []);
  try {
    for (let round = -warmUp; round < mostRounds; round++) {
      for (const [i, model] of models.entries()) {
        if (signal?.aborted === true) throw new InterruptedError('the measurement was interrupted');
        const start = now();
        await predict(model, images[i], batchSize);
        if (round >= 0) times[i].push(now() - start);
      }
      onRound?.(round + warmUp + 1, mostRounds + warmUp);
      const spent = times.flat().reduce((sum, time) => sum + time, 0);
      if (round + 1 >= leastRounds && spent >= budget) break;
    }
    return times.map(median);
  } finally {
    tf.dispose(images);
  }
}

/** The middle of the sorted values; of an even number of them, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  check(values.length > 0, 'values', 'at least one value', values);
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function imageShape(model: tf.LayersModel): number[] {
  const [input] = model.inputs;
  const shape = input.shape.slice(1);
  const fixed = model.inputs.length === 1 && shape.every((length) => length !== null);
  check(fixed, 'models', `one input of a fixed size for ${model.name}`, shape);
  return shape as number[];
}

async function predict(model: tf.LayersModel, images: tf.Tensor, batchSize: number): Promise<void> {
  const outputs = [model.predict(images, { batchSize })].flat();
  try {
    await Promise.all(outputs.map((output) => output.data()));
  } finally {
    tf.dispose(outputs);
  }
}

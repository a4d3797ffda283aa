import { z } from 'zod';

import type { TensorToStore } from '../safetensors/serialise';
import { SafetensorsError, type SafetensorsContent } from '../safetensors/tensor';
import type { NamedArrays, TrainProgress, TrainState, WeightArray } from './train-state';

/** The parts of a state, each a prefix of tensor names: `model/layer1.0.conv2/kernel`, `optimizer/momentum/…`. */
const PARTS = { weights: 'model/', ema: 'ema/', optimizer: 'optimizer/' } as const;

const FORMAT = 'tfjs-cardinal checkpoint 1';

const count = z.number().int().nonnegative();
/** A line of `metrics.jsonl`. */
export const epochMetricsSchema = z.object({
  epoch: count,
  step: count,
  learningRate: z.number(),
  trainLoss: z.number(),
  trainAccuracy: z.number(),
  validationLoss: z.number().optional(),
  validationAccuracy: z.number().optional(),
  imagesPerSecond: z.number(),
  seconds: z.number(),
});
const trainProgress = z.object({
  seed: count,
  epochsDone: count,
  stepsInEpoch: count,
  step: count,
  running: z.object({ loss: z.number(), correct: count, images: count, seconds: z.number() }),
  history: z.array(epochMetricsSchema),
  best: z.object({ epoch: count, validationAccuracy: z.number().optional() }).optional(),
});

/** A training state as tensors and text, ready for a safetensors file. */
export function encodeTrainState(state: TrainState): {
  tensors: Map<string, TensorToStore>;
  metadata: Map<string, string>;
} {
  const tensors = new Map<string, TensorToStore>();
  const add = (prefix: string, arrays: NamedArrays): void => {
    for (const [name, array] of arrays) tensors.set(prefix + name, array);
  };
  add(PARTS.weights, state.weights);
  if (state.ema !== undefined) add(PARTS.ema, state.ema);
  for (const [slot, arrays] of state.optimizer) add(`${PARTS.optimizer}${slot}/`, arrays);
  const metadata = new Map([
    ['format', FORMAT],
    ['progress', JSON.stringify(state.progress)],
  ]);
  return { tensors, metadata };
}

/**
 * A training state from what a safetensors file held.
 *
 * @throws SafetensorsError if it is not a checkpoint that {@link encodeTrainState} made
 */
export function decodeTrainState({ tensors, metadata }: SafetensorsContent): TrainState {
  if (metadata.get('format') !== FORMAT) throw new SafetensorsError('it is not a checkpoint of this package');
  const weights = new Map<string, WeightArray>();
  const ema = new Map<string, WeightArray>();
  const optimizer = new Map<string, Map<string, WeightArray>>();
  for (const [name, { shape, data }] of tensors) {
    if (!(data instanceof Float32Array)) throw new SafetensorsError(`${name} is not of float32`);
    const array = { shape, data };
    if (name.startsWith(PARTS.weights)) weights.set(name.slice(PARTS.weights.length), array);
    else if (name.startsWith(PARTS.ema)) ema.set(name.slice(PARTS.ema.length), array);
    else if (name.startsWith(PARTS.optimizer)) {
      const [slot, ...rest] = name.slice(PARTS.optimizer.length).split('/');
      const arrays = optimizer.get(slot) ?? new Map<string, WeightArray>();
      optimizer.set(slot, arrays.set(rest.join('/'), array));
    } else throw new SafetensorsError(`${name} belongs to no part of a checkpoint`);
  }
  const progress = decodeProgress(metadata.get('progress'));
  return { weights, ...(ema.size > 0 && { ema }), optimizer, progress };
}

function decodeProgress(text: string | undefined): TrainProgress {
  try {
    return trainProgress.parse(JSON.parse(text ?? ''));
  } catch {
    throw new SafetensorsError('its metadata does not tell where the run stands');
  }
}

import { DEFAULT_RECIPE } from '../../src/train/recipe';
import type { RunConfig, RunResult } from '../../src/train/run-config';
import type { TrainState } from '../../src/train/train-state';

export const RUN_CONFIG: RunConfig = {
  model: {
    name: 'resnext_toy',
    options: { numClasses: 10, inputShape: [32, 32, 3], seed: 0, dropRate: 0, implementation: 'auto' },
  },
  data: { name: 'cifar10', subset: 100, validation: 10 },
  recipe: { ...DEFAULT_RECIPE },
  backend: 'tensorflow',
  versions: { node: '20.0.0' },
};

/** How a run of a tiny model stands after so many epochs. */
export function madeState(epochs: number): TrainState {
  const array = { shape: [2, 32], data: Float32Array.from({ length: 64 }, (_, i) => epochs * 100 + i) };
  const history = Array.from({ length: epochs }, (_, i) => ({
    epoch: i + 1,
    step: 5 * (i + 1),
    learningRate: 0.1,
    trainLoss: 2 / (i + 1),
    trainAccuracy: 0.5,
    imagesPerSecond: 60,
    seconds: 1,
  }));
  return {
    weights: new Map([['conv/kernel', array]]),
    optimizer: new Map([['momentum', new Map([['conv/kernel', array]])]]),
    progress: {
      seed: 0,
      epochsDone: epochs,
      stepsInEpoch: 0,
      step: 5 * epochs,
      running: { loss: 0, correct: 0, images: 0, seconds: 0 },
      history,
    },
  };
}

export function madeResult(epochs: number): RunResult {
  return {
    model: 'resnext_toy',
    testAccuracy: 0.5,
    testLoss: 1,
    testImages: 10,
    testData: 'made',
    testImagesPerSecond: 1,
    classAccuracy: {},
    confusion: [],
    epochs,
    bestEpoch: epochs,
    trainImages: 90,
    trainImagesPerSecond: 60,
    trainSeconds: 1,
    parameters: { trainable: 64, nonTrainable: 0, total: 64 },
    backend: 'tensorflow',
  };
}

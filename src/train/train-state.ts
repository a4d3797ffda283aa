/** A float32 tensor off the backend, row-major. */
export interface WeightArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Weights, or values that belong to weights, by weight name (`layer1.0.conv2/kernel`). */
export type NamedArrays = ReadonlyMap<string, WeightArray>;

/** What one epoch came to: a line of `metrics.jsonl`. Losses are means a image, accuracies shares from 0 to 1. */
export interface EpochMetrics {
  /** From 1. */
  readonly epoch: number;
  /** Optimiser steps from the start of the run to the end of this epoch. */
  readonly step: number;
  /** The learning rate of the epoch's last step. */
  readonly learningRate: number;
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
  /** Training images a second, validation not counted. */
  readonly imagesPerSecond: number;
  /** Seconds of training in this epoch, validation not counted. */
  readonly seconds: number;
}

/** Where a run stands. With a seed for all that is random, this is the whole of the random state. JSON-safe. */
export interface TrainProgress {
  readonly seed: number;
  /** Epochs that are done, validation included. */
  readonly epochsDone: number;
  /** Steps done of the epoch under way. */
  readonly stepsInEpoch: number;
  /** Optimiser steps done since the start of the run. */
  readonly step: number;
  /** Sums over the epoch under way. */
  readonly running: {
    readonly loss: number;
    readonly correct: number;
    readonly images: number;
    readonly seconds: number;
  };
  /** One entry for each epoch done. */
  readonly history: readonly EpochMetrics[];
  /** The best epoch so far, by validation accuracy; without validation images, the last one. */
  readonly best?: { readonly epoch: number; readonly validationAccuracy?: number };
}

/** All that a run needs to go on as if it had not stopped. */
export interface TrainState {
  readonly weights: NamedArrays;
  /** The average of the weights that evaluation uses, if the recipe keeps one: a moving one, or lookahead's. */
  readonly ema?: NamedArrays;
  /** Slots of the optimiser by slot name (`momentum`), and within it by weight name. */
  readonly optimizer: ReadonlyMap<string, NamedArrays>;
  readonly progress: TrainProgress;
}

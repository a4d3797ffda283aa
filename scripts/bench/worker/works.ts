import type { OPTIMIZER, Work } from '../protocol';

/** A work taken up, with what it holds in memory. */
export interface Prepared {
  /** Trainable weights' elements, where there is a model. */
  readonly parameters?: number;
  /** Computes once; what came out, by name, for comparison. */
  check(): Promise<ReadonlyMap<string, Output>>;
  /** One step, whose result is in memory when it returns, or when the promise that it returns is kept. */
  step(): unknown;
  dispose(): void;
}

/** A float32 array, row-major. */
export interface Output {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a work is taken up with. */
export interface Setting<Kind extends Work['kind'] = Work['kind']> {
  readonly work: Extract<Work, { kind: Kind }>;
  readonly folder: string;
  /** Whether the model's weights are ours to choose and to write, or to read. */
  readonly writesWeights: boolean;
  readonly optimizer: typeof OPTIMIZER;
  /** How grouped convolutions are computed: one strategy, `auto`, or what a program without this package would do. */
  readonly implementation: string;
}

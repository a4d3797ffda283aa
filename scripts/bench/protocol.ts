import type { NetworkFacts } from './cases/network-facts';
import type { Pass } from '../../src/ops/strategies/strategy';

// What the benchmark and its contestants, each a process of its own, say to each other: JSON, one object a line.
// peers/worker.py speaks the same.

/** A square grouped convolution, padded by half its kernel a side. */
export interface ConvolutionShape {
  readonly batch: number;
  readonly size: number;
  readonly in: number;
  readonly out: number;
  readonly groups: number;
  /** 3 unless given. */
  readonly kernel?: number;
  /** 1 unless given. */
  readonly stride?: number;
}

/** Something that can be done again and again; every contestant does the same from the same inputs. */
export type Work =
  | { readonly kind: 'matmul'; readonly size: number }
  | {
      readonly kind: 'convolution';
      readonly shape: ConvolutionShape;
      readonly pass: Pass | 'forward+backward';
    }
  | {
      readonly kind: 'training';
      readonly model: string;
      readonly network: NetworkFacts;
      readonly batch: number;
      /** Steps that are compared before any is timed. */
      readonly checkedSteps: number;
    }
  | {
      readonly kind: 'inference';
      readonly model: string;
      readonly network: NetworkFacts;
      readonly batch: number;
    };

/** The optimiser of a training step: SGD with Nesterov momentum; decay of kernels only, as an L2 penalty's gradient. */
export const OPTIMIZER = { learningRate: 0.001, momentum: 0.9, weightDecay: 5e-4 } as const;

/** The implementation that has all passes of a convolution in one compiled step. */
export const COMPILED = 'compiled';
/** How a contestant that predicts by an engine names its implementation: `engine:auto`. */
export const ENGINE = 'engine:';
/** The implementation that is onnxruntime-node without anything of ours, but the file that it runs. */
export const BARE_ONNXRUNTIME = 'onnxruntime-node';

export type Request =
  /** Takes up `work` from the inputs (and a model's weights) in `folder`; the first contestant writes the weights. */
  | {
      readonly do: 'prepare';
      readonly work: Work;
      readonly folder: string;
      readonly writesWeights: boolean;
      readonly optimizer: typeof OPTIMIZER;
    }
  /** Computes once and writes what came out to the safetensors file `to`. */
  | { readonly do: 'check'; readonly to: string }
  /** Does `steps` untimed and then timed steps. */
  | { readonly do: 'run'; readonly untimed: number; readonly steps: number }
  /** Lets go of the work. */
  | { readonly do: 'release' };

export interface Answers {
  /** `parameters`: the trainable weights' elements, for works with a model. */
  readonly prepare: { readonly parameters?: number | null };
  readonly check: object;
  readonly run: { readonly milliseconds: readonly number[] };
  readonly release: object;
}

/** The first thing that a contestant says, when it is ready to be asked. */
export interface Greeting {
  readonly versions: Readonly<Record<string, string>>;
}

/** In place of an answer. `unsupported` where the contestant cannot do such work at all, which is no failure. */
export interface Refusal {
  readonly error: string;
  readonly unsupported?: boolean;
}

/** The names of files within the folder of a work. */
export const INPUTS_FILE = 'inputs.safetensors';
export const WEIGHTS_FILE = 'weights.safetensors';

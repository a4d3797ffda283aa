import type * as tf from '@tensorflow/tfjs';

import type { NamedArrays } from './train-state';

/** A weight that an optimiser moves. */
export interface Parameter {
  /** The weight's name in the model, `layer1.0.conv2/kernel`. */
  readonly name: string;
  readonly variable: tf.Variable;
  /** Whether weight decay applies: true for kernels, false for most biases and batch norm. */
  readonly decayed: boolean;
  /** Factor on the learning rate. The decay is divided by it, so that a step takes off as much of every parameter. */
  readonly rateScale: number;
}

/** Moves a fixed list of parameters against their gradients. */
export interface Optimizer {
  /** The numbers of the next step that differ from step to step, always as many; counts the step. */
  settings(learningRate: number): number[];
  /**
   * One update of every parameter: the same operations each time. Makes and frees its own intermediates; does not dispose
   * the gradients.
   *
   * @param gradients by parameter name; a parameter without one stays as it is
   * @param settings scalars of what {@link settings} gave for this step
   */
  step(gradients: ReadonlyMap<string, tf.Tensor>, settings: readonly tf.Tensor[]): void;
  /** Copies of the slots (momentum, moments), by slot name and then parameter name. */
  state(): ReadonlyMap<string, NamedArrays>;
  /** Continues from what {@link state} gave, after `steps` steps. */
  restore(state: ReadonlyMap<string, NamedArrays>, steps: number): void;
  dispose(): void;
}

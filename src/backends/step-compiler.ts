import * as tf from '@tensorflow/tfjs';
import { CardinalError } from '../errors';

/**
 * Work on tensors that can be repeated with other inputs: the same operations each time. It may read and assign variables.
 * Whatever else differs from call to call must come in as an input.
 */
export type Step = (inputs: readonly tf.Tensor[]) => tf.Tensor[];

/** A step as one call of the backend. */
export interface CompiledStep {
  /**
   * Computes the step for inputs of the shapes that it was compiled for. Variables keep their values until `commit`.
   * The outputs are the caller's to dispose, and so are, by `discard`, new values that are not committed.
   */
  run(inputs: readonly tf.Tensor[]): StepResult;
  /** Frees what the backend holds of it. */
  dispose(): void;
}

export interface StepResult {
  readonly outputs: tf.Tensor[];
  /** Gives the variables their new values. */
  commit(): void;
  /** Frees the new values instead. */
  discard(): void;
}

export const PRECISIONS = ['float32', 'bfloat16'] as const;
/**
 * In what a compiled step multiplies: `bfloat16` has the convolutions and matrix products, and what suffers no harm between
 * them, in numbers of 8 significant bits, and keeps weights, updates and the loss in float32.
 */
export type Precision = (typeof PRECISIONS)[number];

/** A step that cannot be compiled; `message` says why. */
export class NotCompilableError extends CardinalError {
  override name = 'NotCompilableError';
}

/**
 * Makes one call of a step. It runs the step with the inputs three times, to see what it does and that it does the same
 * each time, and gives all variables their values back.
 *
 * @param between runs before each recording: it changes what may differ from step to step
 * @param precision `float32` unless given
 * @throws NotCompilableError for a step that reads values back, draws random numbers or depends on more than its inputs, and
 *   for a precision that the processor has no instructions for
 */
export type StepCompiler = (
  step: Step,
  inputs: readonly tf.Tensor[],
  between: (attempt: number) => void,
  precision?: Precision,
) => CompiledStep;

interface Registered {
  readonly compiler: StepCompiler;
  readonly whyNoPrecision: (precision: Precision) => string | undefined;
}

const compilers = new Map<string, Registered>();

/**
 * Makes a backend one that {@link stepCompiler} has an answer for.
 *
 * @param whyNoPrecision says why the compiler cannot multiply in a precision here, and nothing where it can
 */
export function registerStepCompiler(
  backend: string,
  compiler: StepCompiler,
  whyNoPrecision: Registered['whyNoPrecision'] = () => undefined,
): void {
  compilers.set(backend, { compiler, whyNoPrecision });
}

/** The compiler of the current backend, if it has one. */
export function stepCompiler(): StepCompiler | undefined {
  return compilers.get(tf.getBackend())?.compiler;
}

/** Why no step can be computed in a precision on the current backend, or `undefined` where one can, as far as is known before. */
export function whyNoPrecision(precision: Precision): string | undefined {
  if (precision === 'float32') return undefined;
  const found = compilers.get(tf.getBackend());
  if (found === undefined) return `the ${tf.getBackend()} backend compiles no step`;
  return found.whyNoPrecision(precision);
}

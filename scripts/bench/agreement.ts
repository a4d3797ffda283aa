import { CardinalError } from '../../src/errors';
import type { SafetensorsContent } from '../../src/safetensors/tensor';
import type { Work } from './protocol';

/** How far two contestants' values of one output lie apart. */
export interface Agreement {
  readonly contestant: string;
  readonly output: string;
  /** The largest difference of two values over the largest value. */
  readonly relativeDifference: number;
  /** What that may be. */
  readonly bound: number;
}

/** Contestants that do not compute the same cannot be compared. */
export class DisagreementError extends CardinalError {
  override name = 'DisagreementError';
}

/** Relative bounds: one op in float32; a whole network's rounding; losses after steps that amplify it. */
const BOUNDS: Readonly<Record<Work['kind'], number>> = {
  matmul: 0,
  convolution: 1e-4,
  inference: 1e-3,
  training: 1e-3,
};

/**
 * Holds what a contestant computed against the reference, output by output.
 *
 * @throws DisagreementError where an output is missing, surplus, of another shape, or differs by more than its bound
 */
export function agreementOf(
  contestant: string,
  kind: Work['kind'],
  actual: SafetensorsContent['tensors'],
  reference: SafetensorsContent['tensors'],
): Agreement[] {
  const names = (tensors: SafetensorsContent['tensors']) => [...tensors.keys()].sort().join(', ');
  if (names(actual) !== names(reference)) {
    throw new DisagreementError(`${contestant} put out ${names(actual)} in place of ${names(reference)}`);
  }
  return [...reference].map(([output, expected]) => {
    const found = actual.get(output) as typeof expected;
    if (found.shape.join() !== expected.shape.join()) {
      throw new DisagreementError(
        `${contestant}: ${output} is [${found.shape}] in place of [${expected.shape}]`,
      );
    }
    const values = [found.data, expected.data] as [Float32Array, Float32Array];
    const agreement = {
      contestant,
      output,
      relativeDifference: relativeDifference(...values),
      bound: BOUNDS[kind],
    };
    // Written so that a NaN fails.
    if (!(agreement.relativeDifference <= agreement.bound)) {
      const difference = agreement.relativeDifference.toExponential(1);
      throw new DisagreementError(
        `${contestant} computes something else: ${output} differs by ${difference}, at most ${agreement.bound} is rounding`,
      );
    }
    return agreement;
  });
}

/** The largest difference of two arrays' values over the largest magnitude of `expected`. */
export function relativeDifference(actual: Float32Array, expected: Float32Array): number {
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(actual[i] - expected[i]);
    if (Number.isNaN(distance)) return NaN;
    difference = Math.max(difference, distance);
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return difference === 0 ? 0 : difference / scale;
}

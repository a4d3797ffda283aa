import * as tf from '@tensorflow/tfjs';
import { CardinalError } from '../errors';
import { elementType, runTensorflow, TENSORFLOW } from './libtensorflow';
import { add, mul, untaped } from './untaped';

// A mask that JavaScript draws is a constant of each step, and a step with one cannot be compiled. On the tensorflow backend
// masks can follow from two whole numbers that are an input of the step, by an operation like any other.

const floor = untaped('Floor', tf.floor);

let current: tf.Tensor1D | undefined;

/**
 * Runs `work` while masks are drawn from `seed`, two whole numbers of int32 on the tensorflow backend; without one, layers
 * draw by themselves.
 */
export function withStepSeed<T>(seed: tf.Tensor1D | undefined, work: () => T): T {
  const outer = current;
  current = seed;
  try {
    return work();
  } finally {
    current = outer;
  }
}

/** Whether {@link stepMask} has a seed. */
export function hasStepSeed(): boolean {
  return current !== undefined && tf.getBackend() === TENSORFLOW;
}

/**
 * A mask of `shape` for dropout: `1 / keep` with probability `keep`, else 0. It follows from the step's seed and `stream`,
 * and leaves nothing on the tape.
 *
 * @param stream a whole number that tells this mask from the others of the step
 * @throws CardinalError outside {@link withStepSeed}
 */
export function stepMask(shape: readonly number[], keep: number, stream: number): tf.Tensor {
  const seed = current;
  if (seed === undefined) throw new CardinalError('there is no seed of a step to draw a mask from');
  const int32 = elementType('int32');
  return tf.tidy(() => {
    const [own] = runTensorflow('AddV2', [seed, [stream, 0]], { T: int32 });
    const drawn = { dtype: elementType('float32'), T: int32, Tseed: int32 };
    const [uniform] = runTensorflow('StatelessRandomUniform', [shape, own], drawn);
    return mul(floor(add(uniform, tf.scalar(keep))), tf.scalar(1 / keep));
  });
}

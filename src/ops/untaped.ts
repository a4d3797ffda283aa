import * as tf from '@tensorflow/tfjs';
import { runTensorflow, TENSORFLOW } from './libtensorflow';

// Arithmetic on weights, statistics and optimiser slots: many small tensors, where a call's overhead is its cost. On the
// tensorflow backend these skip tfjs's engine (its tape, its scopes for intermediates) at a third of the time; elsewhere
// they are the tfjs operations. Tensors are made as by any operation: `tf.tidy` frees them.

/**
 * An operation of TensorFlow that has the attribute `T` and no other without a default: on float32 tensors of its backend one
 * call that leaves nothing on the tape, otherwise what `composed` does.
 */
export function untaped<Inputs extends tf.Tensor[]>(
  operation: string,
  composed: (...inputs: Inputs) => tf.Tensor,
): (...inputs: Inputs) => tf.Tensor {
  return (...inputs) => {
    const isNative = tf.getBackend() === TENSORFLOW && inputs.every(({ dtype }) => dtype === 'float32');
    return isNative ? runTensorflow(operation, inputs, {})[0] : composed(...inputs);
  };
}

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
type Unary = (x: tf.Tensor) => tf.Tensor;

/** As `tf.add`, broadcasting too, but never differentiated: it leaves nothing on the tape. */
export const add: Binary = untaped('AddV2', tf.add as Binary);
/** As `tf.sub`, never differentiated. */
export const sub: Binary = untaped('Sub', tf.sub as Binary);
/** As `tf.mul`, never differentiated. */
export const mul: Binary = untaped('Mul', tf.mul as Binary);
/** As `tf.div`, never differentiated. */
export const div: Binary = untaped('RealDiv', tf.div as Binary);
/** As `tf.sqrt`, never differentiated. */
export const sqrt: Unary = untaped('Sqrt', tf.sqrt as Unary);
/** As `tf.square`, never differentiated. */
export const square: Unary = untaped('Square', tf.square as Unary);

/** Scalars by value, made once each. */
export type SharedScalars = (value: number) => tf.Scalar;

/** For one scope of `tf.tidy`, which frees them: a number given to an operation would be uploaded anew each time. */
export function sharedScalars(): SharedScalars {
  const made = new Map<number, tf.Scalar>();
  return (value) => {
    const scalar = made.get(value) ?? tf.scalar(value);
    made.set(value, scalar);
    return scalar;
  };
}

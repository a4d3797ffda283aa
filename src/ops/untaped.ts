import * as tf from '@tensorflow/tfjs';
import { runTensorflow, TENSORFLOW } from './libtensorflow';

// Arithmetic on weights, statistics and optimiser slots: many small tensors, where a call's overhead is its cost. On the
// tensorflow backend these skip tfjs's engine (its tape, its scopes for intermediates) at a third of the time; elsewhere
// they are the tfjs operations. Tensors are made as by any operation: `tf.tidy` frees them.

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
type Unary = (x: tf.Tensor) => tf.Tensor;

function binary(operation: string, stock: Binary): Binary {
  return (a, b) => (isNative(a) && isNative(b) ? runTensorflow(operation, [a, b], {})[0] : stock(a, b));
}

function unary(operation: string, stock: Unary): Unary {
  return (x) => (isNative(x) ? runTensorflow(operation, [x], {})[0] : stock(x));
}

function isNative(x: tf.Tensor): boolean {
  return x.dtype === 'float32' && tf.getBackend() === TENSORFLOW;
}

/** As `tf.add`, broadcasting too, but never differentiated: it leaves nothing on the tape. */
export const add = binary('AddV2', tf.add);
/** As `tf.sub`, never differentiated. */
export const sub = binary('Sub', tf.sub);
/** As `tf.mul`, never differentiated. */
export const mul = binary('Mul', tf.mul);
/** As `tf.div`, never differentiated. */
export const div = binary('RealDiv', tf.div);
/** As `tf.sqrt`, never differentiated. */
export const sqrt = unary('Sqrt', tf.sqrt);
/** As `tf.square`, never differentiated. */
export const square = unary('Square', tf.square);

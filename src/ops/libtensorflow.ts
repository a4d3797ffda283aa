import * as tf from '@tensorflow/tfjs';
import { CardinalError } from '../errors';

/** The name under which tfjs-node registers its backend. */
export const TENSORFLOW = 'tensorflow';

/** An attribute value of a TensorFlow operation. Whole numbers are `int`s unless wrapped by {@link float}. */
export type Attribute = boolean | number | string | readonly number[] | { readonly float: number };

/** Marks a number as a `float` attribute, which `1` alone could not show. */
export function float(value: number): Attribute {
  return { float: value };
}

/** The part of tfjs-node's backend that runs operations; its class is not imported, so this file bundles anywhere. */
interface TensorflowBackend {
  readonly binding: Record<string, number>;
  executeMultipleOutputs(
    name: string,
    attributes: { name: string; type: number; value: unknown }[],
    inputs: tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

/**
 * Runs one eager operation of libtensorflow through tfjs-node and returns its outputs, untaped.
 *
 * @param operation TensorFlow's name of it, say `'Conv2D'`
 * @param inputs tensors on the `tensorflow` backend; `T` follows from the attributes, float unless given
 * @param outputs how many tensors it returns
 * @throws CardinalError on another backend; TensorFlow's own error where it refuses
 *
 * @example
 * const [dx] = runTensorflow('ReluGrad', [dy, x], {});
 */
export function runTensorflow(
  operation: string,
  inputs: tf.TensorInfo[],
  attributes: Readonly<Record<string, Attribute>>,
  outputs = 1,
): tf.Tensor[] {
  if (tf.getBackend() !== TENSORFLOW) {
    throw new CardinalError(
      `${operation} runs on the ${TENSORFLOW} backend only; this is ${tf.getBackend()}.`,
    );
  }
  const backend = tf.backend() as unknown as TensorflowBackend;
  const { binding } = backend;
  const encoded = Object.entries(attributes).map(([name, value]) => ({ name, ...encode(binding, value) }));
  encoded.push({ name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT });
  return backend.executeMultipleOutputs(operation, encoded, inputs, outputs);
}

/** Throws unless the current backend is tfjs-node's. */
export function requireTensorflow(what: string): void {
  if (tf.getBackend() !== TENSORFLOW) {
    throw new CardinalError(`${what} runs on the ${TENSORFLOW} backend only; this is ${tf.getBackend()}.`);
  }
}

function encode(binding: Record<string, number>, value: Attribute): { type: number; value: unknown } {
  if (typeof value === 'boolean') return { type: binding.TF_ATTR_BOOL, value };
  if (typeof value === 'string') return { type: binding.TF_ATTR_STRING, value };
  if (typeof value === 'object' && 'float' in value)
    return { type: binding.TF_ATTR_FLOAT, value: value.float };
  return { type: binding.TF_ATTR_INT, value };
}

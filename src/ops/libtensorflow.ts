import * as tf from '@tensorflow/tfjs';
import { CardinalError } from '../errors';

/** The name under which tfjs-node registers its backend. */
export const TENSORFLOW = 'tensorflow';

/** Element types that an operation's type attribute can name. */
export type ElementType = 'float32' | 'int32';

/**
 * An attribute value of a TensorFlow operation. Numbers and lists of them are `int`s unless wrapped by {@link float}; an
 * element type is wrapped by {@link elementType}, which a string alone could not show.
 */
export type Attribute =
  | boolean
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly elementType: ElementType };

/** Marks a number as a `float` attribute, which `1` alone could not show. */
export function float(value: number): Attribute {
  return { float: value };
}

/** Marks a string as the name of an element type: `{ Tidx: elementType('int32') }`. */
export function elementType(type: ElementType): Attribute {
  return { elementType: type };
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
  write(values: Int32Array, shape: number[], dtype: 'int32'): tf.DataId;
  disposeData(dataId: tf.DataId): void;
}

/**
 * Runs one eager operation of libtensorflow through tfjs-node and returns its outputs, untaped.
 *
 * @param operation TensorFlow's name of it, say `'Conv2D'`
 * @param inputs tensors on the `tensorflow` backend, and lists of whole numbers (shapes, axes), which become int32 vectors
 * for this call
 * @param attributes by TensorFlow's names; `T` is float32 unless given, and `null` for an operation that has no `T`
 * @param outputs how many tensors it returns
 * @throws CardinalError on another backend; TensorFlow's own error where it refuses
 *
 * @example
 * const [dx] = runTensorflow('ReluGrad', [dy, x], {});
 */
export function runTensorflow(
  operation: string,
  inputs: readonly (tf.TensorInfo | readonly number[])[],
  attributes: Readonly<Record<string, Attribute | null>>,
  outputs = 1,
): tf.Tensor[] {
  if (tf.getBackend() !== TENSORFLOW) {
    throw new CardinalError(
      `${operation} runs on the ${TENSORFLOW} backend only; this is ${tf.getBackend()}.`,
    );
  }
  const backend = tf.backend() as unknown as TensorflowBackend;
  const { binding } = backend;
  const encoded: { name: string; type: number; value: unknown }[] = [];
  if (!('T' in attributes)) encoded.push({ name: 'T', ...encode(binding, elementType('float32')) });
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) encoded.push({ name, ...encode(binding, value) });
  }
  // Known to the backend only: a tensor of tfjs's would be counted, put in a scope and looked up.
  const constants: tf.TensorInfo[] = [];
  try {
    const tensors = inputs.map((input) => {
      if (!isList(input)) return input;
      const shape = [input.length];
      const constant = {
        dataId: backend.write(Int32Array.from(input), shape, 'int32'),
        shape,
        dtype: 'int32',
      } as const;
      constants.push(constant);
      return constant;
    });
    return backend.executeMultipleOutputs(operation, encoded, tensors, outputs);
  } finally {
    for (const { dataId } of constants) backend.disposeData(dataId);
  }
}

function isList(input: tf.TensorInfo | readonly number[]): input is readonly number[] {
  return Array.isArray(input);
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
  if (typeof value === 'object' && 'elementType' in value) {
    const type = value.elementType === 'int32' ? binding.TF_INT32 : binding.TF_FLOAT;
    return { type: binding.TF_ATTR_TYPE, value: type };
  }
  return { type: binding.TF_ATTR_INT, value };
}

import type * as tf from '@tensorflow/tfjs';
import { CardinalError } from '../errors';
import { quantise, type Quantised, type QuantisedDtype } from './quantise';

/** Float32 weights of a model, named and shaped. */
export interface NamedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a group of a tfjs weights manifest holds, and the bytes that it describes, in order. */
export interface StoredWeights {
  readonly entries: tf.io.WeightsManifestEntry[];
  readonly bytes: Uint8Array;
}

/**
 * Float32 weights as tfjs stores them, in fewer bytes where `dtype` is given.
 *
 * Kernels are quantised. Biases and the weights of norms, all of which are vectors, stay float32: they are a hundredth of
 * the bytes and, a variance near 0 above all, most of the error.
 *
 * @throws CardinalError naming the weight that the type cannot hold
 *
 * @example
 * const { entries, bytes } = storeWeights([{ name: 'conv1/kernel', shape: [3, 3, 3, 64], data }], 'uint8');
 * entries[0].quantization; // { dtype: 'uint8', min: …, scale: … }
 */
export function storeWeights(weights: readonly NamedWeight[], dtype?: QuantisedDtype): StoredWeights {
  const stored = weights.map(({ name, shape, data }) => {
    const entry = { name, shape: [...shape], dtype: 'float32' as const };
    if (dtype === undefined || shape.length < 2) return { entry, bytes: float32Bytes(data) };
    const { bytes, quantization } = quantiseNamed(name, data, dtype);
    return { entry: { ...entry, quantization }, bytes };
  });
  return { entries: stored.map(({ entry }) => entry), bytes: joined(stored) };
}

/** The bytes of all parts, one after the other. */
export function joined(parts: readonly { readonly bytes: Uint8Array }[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let offset = 0;
  for (const { bytes } of parts) {
    all.set(bytes, offset);
    offset += bytes.length;
  }
  return all;
}

function quantiseNamed(name: string, data: Float32Array, dtype: QuantisedDtype): Quantised {
  try {
    return quantise(data, dtype);
  } catch (error) {
    throw new CardinalError(`${name} cannot be stored as ${dtype}: ${(error as Error).message}`);
  }
}

function float32Bytes(data: Float32Array): Uint8Array {
  const bytes = new Uint8Array(4 * data.length);
  const view = new DataView(bytes.buffer);
  data.forEach((value, position) => view.setFloat32(4 * position, value, true));
  return bytes;
}

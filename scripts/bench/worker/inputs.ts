import * as tf from '@tensorflow/tfjs';
import { join } from 'node:path';
import { readSafetensors } from '../../../src/safetensors/file-node';
import { INPUTS_FILE } from '../protocol';

/** The inputs that all contestants get, as tensors by name. */
export async function readInputs(folder: string): Promise<Record<string, tf.Tensor>> {
  const { tensors } = await readSafetensors(join(folder, INPUTS_FILE));
  return Object.fromEntries(
    [...tensors].map(([name, { data, shape, dtype }]) => [
      name,
      tf.tensor(data as Float32Array | Int32Array, [...shape], dtype === 'I32' ? 'int32' : 'float32'),
    ]),
  );
}

import type * as tf from '@tensorflow/tfjs';

import { checkText } from '../check-kinds';
import { readFile } from '../files/read-file';
import { CardinalError } from '../errors';
import { loadKerasModel } from './keras-file';

/**
 * Loads a `.keras` file, as Keras 3's `model.save` writes it; see {@link loadKerasModel}.
 *
 * @throws CardinalError naming the file, if it cannot be read, is damaged, or has a layer that cannot be loaded
 *
 * @example
 * const model = await loadKerasFile('resnext.keras');
 */
export async function loadKerasFile(path: string): Promise<tf.LayersModel> {
  checkText('path', 'the path of a .keras file', path);
  const bytes = await readFile(path);
  try {
    return await loadKerasModel(new Uint8Array(bytes));
  } catch (error) {
    throw error instanceof CardinalError ? new CardinalError(`${path}: ${error.message}`) : error;
  }
}

import * as tf from '@tensorflow/tfjs';
import { type ModelOptions, createModel, isModelName, listModels } from '../models';
import { useBackend } from '../src/backends/use-backend-node';
import { unknownChoice } from '../src/errors';

/**
 * A model of the zoo that is only looked at: its weights stay zero, and it is on the backend that is there at once.
 *
 * @throws InvalidArgumentError for an unknown name (it suggests the nearest) or an option out of range
 *
 * @example
 * const model = await weightlessModel('resnext_toy');
 */
export async function weightlessModel(
  name: string,
  options: Omit<ModelOptions, 'initialise' | 'seed'> = {},
): Promise<tf.LayersModel> {
  if (!isModelName(name)) throw unknownChoice('model', name, listModels());
  // Production mode leaves out the advice to take a faster backend.
  tf.enableProdMode();
  await useBackend('cpu');
  return createModel(name, { ...options, initialise: false });
}

import type * as tf from '@tensorflow/tfjs';

import { whyNoPrecision } from '../backends/step-compiler';
import { checkAugmentation } from '../data/augmentation';
import { checkDataset, checkSameClasses } from '../data/check-dataset';
import { check } from '../errors';
import { checkModel } from './evaluate';
import type { Recipe } from './recipe';
import type { TrainData } from './train';
import { trainableParameters } from './weights';
import { checkWhitening, whiteningKernel } from './whiten';

/**
 * Throws for whatever `train` would refuse, before a step is done or anything is changed: a run can so be checked before its
 * folder is made.
 *
 * @param compile whether a step may run as one call of the backend, as in `train`
 * @throws InvalidArgumentError for a model that does not fit the data, data that do not fit together, or a recipe that fits
 *   neither or not the current backend
 *
 * @example
 * checkTraining(model, { train: images, validation }, resolveRecipe({ padCrop: 8 }));
 */
export function checkTraining(
  model: tf.LayersModel,
  { train: images, validation }: TrainData,
  recipe: Recipe,
  { compile = true } = {},
): void {
  checkDataset(images, 'data.train');
  checkModel(model, images);
  if (validation !== undefined) {
    checkDataset(validation, 'data.validation');
    checkSameClasses(images, validation, 'data.validation');
    checkModel(model, validation);
  }
  const { batchSize, padCrop, padMode, flip, cutout, precision, whiten } = recipe;
  check(batchSize <= images.count, 'batchSize', `at most ${images.count}, the training images`, batchSize);
  checkAugmentation({ padCrop, padMode, flip, cutout }, images.imageShape);
  if (whiten) checkWhitening(model, images);
  const fixed = whiten ? whiteningKernel(model) : undefined;
  const moves = trainableParameters(model, recipe).some(({ name }) => name !== fixed);
  check(moves, 'model', 'at least one trainable weight', 0);
  const reason = compile ? whyNoPrecision(precision) : 'compile is false';
  check(precision === 'float32' || reason === undefined, 'precision', `float32, since ${reason}`, precision);
}

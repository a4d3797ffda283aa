import * as tf from '@tensorflow/tfjs';
import { type ModelName, familyOf } from './catalogue';
import { type Family } from './family';
import { ModelBuilder } from './model-builder';
import { type ModelOptions, resolveOptions } from './model-options';

/**
 * A model of the zoo with fresh weights. It takes images `[batch, height, width, channels]`, normalised, and puts out
 * logits `[batch, numClasses]`, without softmax. Layers carry the names of PyTorch's modules (`layer1.0.conv2`).
 *
 * @throws InvalidArgumentError for an unknown name (it suggests the nearest) or an option out of range
 *
 * @example
 * const model = createModel('resnext29_8x4d', { numClasses: 100, seed: 1 });
 * model.outputs[0].shape; // [null, 100]
 */
export function createModel(name: ModelName, options: ModelOptions = {}): tf.LayersModel {
  return buildModel(familyOf(name), name, options);
}

/** A variant of a family, built. Options are checked before anything is. */
export function buildModel<Name extends string>(
  family: Family<Name>,
  name: Name,
  options: ModelOptions = {},
): tf.LayersModel {
  const builder = new ModelBuilder(resolveOptions(options, family.variants[name]));
  return tf.model({ name, inputs: builder.image, outputs: family.build(builder, name) });
}

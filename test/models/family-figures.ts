import * as tf from '@tensorflow/tfjs';
import { buildModel } from '../../models/create-model';
import { type Family } from '../../models/family';
import { featureInfo } from '../../models/features';
import { type ModelOptions } from '../../models/model-options';
import { inspectModel } from '../../src/inspect/inspect-model';

/** Builds a variant without drawing its weights, hands it to `use` and frees it. */
export function withModel<Name extends string, Result>(
  family: Family<Name>,
  name: Name,
  use: (model: tf.LayersModel) => Result,
  options: ModelOptions = {},
): Result {
  const model = buildModel(family, name, { initialise: false, ...options });
  try {
    return use(model);
  } finally {
    model.dispose();
  }
}

/** The three counts that the reference has of a model. */
export function figures<Name extends string>(family: Family<Name>, name: Name) {
  return withModel(family, name, (model) => {
    const { params, macs } = inspectModel(model);
    return { trainable: params.trainable, statistics: params.nonTrainable, macs };
  });
}

/** The reference's counts of an ImageNet model in the same form. */
export function expectedFigures(reference: {
  trainable_params: number;
  bn_statistics: number;
  macs_224: number;
}) {
  const { trainable_params: trainable, bn_statistics: statistics, macs_224: macs } = reference;
  return { trainable, statistics, macs };
}

/** The layers that have weights, which are PyTorch's modules, in the order of the forward pass. */
export function modules<Name extends string>(family: Family<Name>, name: Name): string[] {
  return withModel(family, name, (model) =>
    model.layers.filter((layer) => layer.weights.length > 0).map((layer) => layer.name),
  );
}

/** `[module, channels, stride]` of each output that the variant has with `features: true`. */
export function features<Name extends string>(family: Family<Name>, name: Name) {
  return withModel(family, name, (model) =>
    featureInfo(model).map(({ module, channels, stride }) => [module, channels, stride]),
  );
}

/** The share of images that each drop-path layer drops where the last one's is `dropPathRate`. */
export function dropPathRates<Name extends string>(
  family: Family<Name>,
  name: Name,
  dropPathRate: number,
): Record<string, number> {
  return withModel(
    family,
    name,
    (model) =>
      Object.fromEntries(
        model.layers
          .filter((layer) => layer.getClassName() === 'DropPath')
          .map((layer) => [layer.name, layer.getConfig().rate as number]),
      ),
    { dropPathRate },
  );
}

import type * as tf from '@tensorflow/tfjs';
import { useBatchNormCall } from '../src/backends/accelerate/batch-norm-layer';
import { layersWithin } from '../src/backends/accelerate/frozen-layers';
import { checkModel, checkText } from '../src/check-kinds';
import { invalidArgument, nearest } from '../src/errors';
import { rememberedFeatures } from './features';
import { layersBefore } from '../src/layers/layer-graph';

/**
 * Keeps the layers up to and including a module as they are in training: their weights are not trainable, and their batch
 * norms normalise by the moving statistics and no longer update them, as in Keras, with {@link accelerate} and without.
 * `train`, `model.fit` and `model.trainableWeights` then leave them out. A model that is compiled already has to be compiled
 * anew.
 *
 * @param untilModule a stage, such as `layer3`, or any layer or PyTorch module that has weights or not: all that leads to
 *   it is frozen, and all that is within it, until {@link unfreeze}
 * @throws InvalidArgumentError for a module that the model does not have (it suggests the nearest)
 *
 * @example
 * const model = resetClassifier(createModel('resnet18'), 5);
 * freeze(model, 'layer3'); // layer4 and fc are trained
 */
export function freeze(model: tf.LayersModel, untilModule: string): void {
  checkModel('freeze', model);
  checkText('untilModule', 'the name of a module', untilModule);
  const within = layersOf(model, untilModule);
  if (within.length === 0) throw unknownModule(model, untilModule);
  const frozen = new Set(within);
  // A set is walked to its end even where that moves.
  for (const layer of frozen) layersBefore(layer).forEach((before) => frozen.add(before));
  for (const layer of frozen) {
    for (const each of layersWithin(layer)) {
      each.trainable = false;
      // A stock batch norm looks at the mode alone.
      if (each.getClassName() !== 'BatchNormalization' || calls.has(each)) continue;
      calls.set(each, useBatchNormCall(each));
    }
  }
}

/** What takes back the call that {@link freeze} gave to a batch norm. */
const calls = new WeakMap<tf.layers.Layer, () => void>();

/**
 * Makes every layer trainable again, which takes back {@link freeze}.
 *
 * @example
 * unfreeze(model);
 */
export function unfreeze(model: tf.LayersModel): void {
  checkModel('unfreeze', model);
  for (const layer of layersWithin(model)) {
    layer.trainable = true;
    calls.get(layer)?.();
    calls.delete(layer);
  }
}

/** The layers within a module, or the one of that name. */
function layersOf(model: tf.LayersModel, module: string): tf.layers.Layer[] {
  return model.layers.filter(({ name }) => name === module || name.startsWith(`${module}.`));
}

function unknownModule(model: tf.LayersModel, name: string): Error {
  const modules = new Set<string>();
  for (const layer of model.layers) {
    const parts = layer.name.split('.');
    parts.forEach((_, i) => modules.add(parts.slice(0, i + 1).join('.')));
  }
  const near = nearest(name, [...modules]);
  const stages = rememberedFeatures(model)?.map(({ module }) => `'${module}'`) ?? [];
  const such = stages.length === 0 ? '' : `, such as ${stages.join(', ')}`;
  const hint = near === undefined ? '' : ` (did you mean '${near}'?)`;
  return invalidArgument('untilModule', `a module of ${model.name}${such}${hint}`, name);
}

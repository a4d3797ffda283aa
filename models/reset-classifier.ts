import * as tf from '@tensorflow/tfjs';
import { checkModel } from '../src/check-kinds';
import { checkOptions, type OptionNames } from '../src/check-options';
import { check } from '../src/errors';
import { rememberFeatures, rememberedFeatures } from './features';
import { layersBefore, removeLayer } from './layer-graph';
import { layerSeed } from './layer-seed';

/** What {@link resetClassifier} can be told. */
export interface ResetClassifierOptions {
  /** Makes the new weights the same each time; without one they differ each time. */
  seed?: number;
}

const OPTIONS: OptionNames<ResetClassifierOptions> = { seed: true };

/**
 * The model with a fresh last linear layer (or last convolution, where a network ends in one as SqueezeNet does) of the
 * same name, for another number of classes. All other layers and their weights are shared with `model`, and the old head
 * is freed: **use the model that is returned**, and dispose of that one alone.
 *
 * @param numClasses the logits that the new model puts out, at least 1
 * @param options.seed makes the new weights the same each time; without one they differ each time
 * @throws InvalidArgumentError for a number that cannot be, or a model that does not end in one linear layer or convolution
 *
 * @example
 * const imagenet = await createModel('resnet18', { weights: 'resnet18.safetensors' });
 * const flowers = resetClassifier(imagenet, 5, { seed: 1 });
 */
export function resetClassifier(
  model: tf.LayersModel,
  numClasses: number,
  options: ResetClassifierOptions = {},
): tf.LayersModel {
  checkModel('resetClassifier', model);
  checkOptions('resetClassifier', options, OPTIONS);
  const { seed } = options;
  const counted = Number.isSafeInteger(numClasses) && numClasses >= 1;
  check(counted, 'numClasses', 'a whole number of at least 1', numClasses);
  check(seed === undefined || Number.isSafeInteger(seed), 'seed', 'a whole number', seed);
  const old = headAndTail(model);
  const [head] = old;
  let x = head.input as tf.SymbolicTensor;
  // Applied a second time, the old ones would stand in the graph twice.
  for (const layer of old) {
    const config = layer === head ? headConfig(head, numClasses, seed) : layer.getConfig();
    x = copyOf(layer, config).apply(x) as tf.SymbolicTensor;
  }
  const renewed = tf.model({ name: model.name, inputs: model.inputs, outputs: x });
  const info = rememberedFeatures(model);
  if (info !== undefined) rememberFeatures(renewed, info);
  for (const layer of [...old].reverse()) removeLayer(layer);
  return renewed;
}

/** The name of the layer that makes a classifier's logits: the one that {@link resetClassifier} replaces. */
export function classifierName(model: tf.LayersModel): string {
  return headAndTail(model)[0].name;
}

const HEADS = new Set(['Dense', 'GroupedConv2D', 'Conv2D']);

/** The layer that makes the logits, and the layers without weights that come after it. */
function headAndTail(model: tf.LayersModel): [head: tf.layers.Layer, ...tail: tf.layers.Layer[]] {
  const expectation = 'a model with one output, which one linear layer or convolution leads to';
  check(
    model.outputs.length === 1,
    'model',
    expectation,
    `${model.name}, with ${model.outputs.length} outputs`,
  );
  const tail: tf.layers.Layer[] = [];
  let layer = model.outputs[0].sourceLayer;
  while (!HEADS.has(layer.getClassName())) {
    const before = layersBefore(layer);
    const passes = layer.weights.length === 0 && before.length === 1;
    check(passes, 'model', expectation, `${model.name}, which ends in ${layer.name}`);
    tail.unshift(layer);
    layer = before[0];
  }
  return [layer, ...tail];
}

type Config = tf.serialization.ConfigDict;

function headConfig(head: tf.layers.Layer, numClasses: number, seed: number | undefined): Config {
  const config = head.getConfig();
  const { kernelInitializer: { className, config: drawing } = {} } = config as {
    kernelInitializer?: { className: string; config: Config };
  };
  // The old seed would draw the same weights, if of another number, whatever `seed` is.
  const kernelInitializer = {
    className,
    config: { ...drawing, seed: seed === undefined ? undefined : layerSeed(seed, head.name) },
  };
  return {
    ...config,
    [head.getClassName() === 'Dense' ? 'units' : 'filters']: numClasses,
    // One that was frozen as a whole is replaced to be trained.
    trainable: true,
    ...(drawing !== undefined && 'seed' in drawing && { kernelInitializer: kernelInitializer as Config }),
  };
}

function copyOf(layer: tf.layers.Layer, config: Config): tf.layers.Layer {
  const layerClass = layer.constructor as tf.serialization.SerializableConstructor<tf.layers.Layer>;
  return layerClass.fromConfig(layerClass, config);
}

import * as tf from '@tensorflow/tfjs';
import { checkModel } from '../src/check-kinds';
import { checkOptions, type OptionNames } from '../src/check-options';
import { check, InvalidArgumentError, invalidArgument } from '../src/errors';
import { isLayersModel } from '../src/kind-of';
import { callOf, callsOf, detachLayer, type LayerCall, removeLayer } from '../src/layers/layer-graph';
import { ownInnerModels } from '../src/layers/transfer-ownership';
import { isActivation, passesLogits, probabilityActivation } from '../src/layers/probabilities';
import { rememberFeatures, rememberedFeatures } from './features';
import { layerSeed } from './layer-seed';

/** What {@link resetClassifier} can be told. */
export interface ResetClassifierOptions {
  /** Makes the new weights the same each time; without one they differ each time. */
  seed?: number;
  /** Hears what else was changed: a softmax that was left out. By default it goes to `console.warn`. */
  onNotice?: (message: string) => void;
}

const OPTIONS: OptionNames<ResetClassifierOptions> = { seed: true, onNotice: true };

/**
 * The model with a fresh last linear layer (or last convolution, where a network ends in one as SqueezeNet does) of the
 * same name, for another number of classes. It may be that of a model within the model, and layers without weights may
 * follow. All other layers and their weights are shared with `model`, and the old head is freed: **use the model that is
 * returned**, and dispose of that one alone.
 *
 * The new model puts out logits, as {@link train} and `evaluate` take them: a softmax or a sigmoid at the end is left out,
 * and `onNotice` is told.
 *
 * @param numClasses the logits that the new model puts out, at least 1
 * @throws InvalidArgumentError for a number that cannot be, or naming the layer by which a model does not end in one linear
 *   layer or convolution; the model is then as it was
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
  const { seed, onNotice = (message: string): void => console.warn(message) } = options;
  const counted = Number.isSafeInteger(numClasses) && numClasses >= 1;
  check(counted, 'numClasses', 'a whole number of at least 1', numClasses);
  check(seed === undefined || Number.isSafeInteger(seed), 'seed', 'a whole number', seed);
  const old = endingOf(model);
  const dropped = lastProbabilities(old);
  const made: tf.layers.Layer[] = [];
  let renewed: tf.LayersModel;
  try {
    renewed = rebuilt(old, { numClasses, seed, dropped, made });
    checkClasses(model, renewed, numClasses);
  } catch (error) {
    for (const layer of made.reverse()) undo(layer);
    if (error instanceof InvalidArgumentError) throw error;
    throw invalidArgument('model', `${EXPECTATION} (${(error as Error).message})`, model.name);
  }
  const info = rememberedFeatures(model);
  if (info !== undefined) rememberFeatures(renewed, info);
  removeEnding(old);
  if (dropped !== undefined) {
    onNotice(
      `${model.name} now puts out logits: the ${probabilityActivation(dropped)} of ${dropped.name} was left out`,
    );
  }
  return renewed;
}

/** The name of the layer that makes a classifier's logits: the one that {@link resetClassifier} replaces. */
export function classifierName(model: tf.LayersModel): string {
  return endingOf(model).head.name;
}

const EXPECTATION = 'a model with one output, which one linear layer or convolution leads to';
const HEADS = new Set(['Dense', 'GroupedConv2D', 'Conv2D']);

interface Follower {
  readonly layer: tf.layers.Layer;
  readonly input: tf.SymbolicTensor;
}

/** How a model ends. */
interface Ending {
  readonly model: tf.LayersModel;
  /** The layer that makes the logits, or the model within the model that does. */
  readonly head: tf.layers.Layer;
  /** The call of it that leads to the output. */
  readonly call: LayerCall;
  /** The layers without weights that come after it, and what each reads. */
  readonly tail: readonly Follower[];
  /** How the head ends, where it is a model. */
  readonly inner?: Ending;
}

function endingOf(model: tf.LayersModel): Ending {
  const { outputs } = model;
  check(outputs.length === 1, 'model', EXPECTATION, `${model.name}, with ${outputs.length} outputs`);
  const tail: Follower[] = [];
  for (let x = outputs[0]; ;) {
    const layer = x.sourceLayer;
    const call = callOf(x);
    const isModel = isLayersModel(layer);
    if (isModel || HEADS.has(layer.getClassName())) {
      const calls = callsOf(layer).length - (isModel ? 1 : 0);
      check(calls === 1, 'model', EXPECTATION, `${model.name}, which calls ${layer.name} ${calls} times`);
      return { model, head: layer, call, tail, inner: isModel ? endingOf(layer) : undefined };
    }
    const passes = layer.weights.length === 0 && call.inputTensors.length === 1;
    check(passes, 'model', EXPECTATION, `${model.name}, which ends in ${layer.name}`);
    x = call.inputTensors[0];
    tail.unshift({ layer, input: x });
  }
}

/** The layers from the one that makes the logits on. */
function layersFrom({ head, tail, inner }: Ending): tf.layers.Layer[] {
  return [...(inner === undefined ? [head] : layersFrom(inner)), ...tail.map(({ layer }) => layer)];
}

/** The layer that makes probabilities of the logits, where nothing but their shape is changed after it. */
function lastProbabilities(ending: Ending): tf.layers.Layer | undefined {
  const last = layersFrom(ending)
    .reverse()
    .find((layer) => !passesLogits(layer));
  return last !== undefined && probabilityActivation(last) !== undefined ? last : undefined;
}

interface Renewal {
  readonly numClasses: number;
  readonly seed: number | undefined;
  readonly dropped: tf.layers.Layer | undefined;
  /** Takes each layer that was made, in order. */
  readonly made: tf.layers.Layer[];
}

/** The model of an ending with a new one in its place. Applied a second time, the old layers would stand in it twice. */
function rebuilt(ending: Ending, renewal: Renewal): tf.LayersModel {
  const { model, head, call, tail, inner } = ending;
  const { numClasses, seed, dropped, made } = renewal;
  const apply = (layer: tf.layers.Layer, inputs: readonly tf.SymbolicTensor[]): tf.SymbolicTensor => {
    const output = layer.apply(inputs.length === 1 ? inputs[0] : [...inputs]) as tf.SymbolicTensor;
    made.push(layer);
    return output;
  };
  const config = headConfig(head, numClasses, seed, head === dropped);
  let x = apply(inner === undefined ? copyOf(head, config) : rebuilt(inner, renewal), call.inputTensors);
  for (const follower of tail) {
    const { layer } = follower;
    if (layer === dropped && isActivation(layer)) continue;
    x = apply(copyOf(layer, tailConfig(follower, x, ending, numClasses)), [x]);
  }
  const renewed = tf.model({ name: model.name, inputs: model.inputs, outputs: x });
  ownInnerModels(renewed);
  return renewed;
}

function checkClasses(model: tf.LayersModel, renewed: tf.LayersModel, numClasses: number): void {
  const [before, after] = [model, renewed].map(({ outputs }) => outputs[0].shape);
  const fits = after.length === before.length && after.at(-1) === numClasses;
  check(fits, 'model', `${EXPECTATION} of one number a class`, `${model.name}, of [${before.join(', ')}]`);
}

function undo(layer: tf.layers.Layer): void {
  // The layers of a model that was put together anew are the old one's.
  if (isLayersModel(layer)) detachLayer(layer);
  else removeLayer(layer);
}

function removeEnding({ head, tail, inner }: Ending): void {
  // One that is called elsewhere too stays; it has no weights.
  for (const { layer } of [...tail].reverse()) if (callsOf(layer).length === 1) removeLayer(layer);
  if (inner === undefined) return removeLayer(head);
  detachLayer(head);
  removeEnding(inner);
}

type Config = tf.serialization.ConfigDict;

function headConfig(
  head: tf.layers.Layer,
  numClasses: number,
  seed: number | undefined,
  isDropped: boolean,
): Config {
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
    ...(isDropped && { activation: 'linear' }),
    ...(drawing !== undefined && 'seed' in drawing && { kernelInitializer: kernelInitializer as Config }),
  };
}

/** What a layer after the head is to be for another number of classes. */
function tailConfig(
  { layer, input }: Follower,
  x: tf.SymbolicTensor,
  { model, tail }: Ending,
  numClasses: number,
): Config {
  // One that is called elsewhere too stays, beside the copy.
  const leaving = tail.map((follower) => follower.layer).filter((other) => callsOf(other).length === 1);
  const names = model.layers.filter((other) => !leaving.includes(other)).map(({ name }) => name);
  let name = layer.name;
  for (let count = 1; names.includes(name); count++) name = `${layer.name}_${count}`;
  const config = { ...layer.getConfig(), name };
  return layer.getClassName() === 'Reshape'
    ? { ...config, ...targetShape(layer, input, x, numClasses) }
    : config;
}

/** The shape that a reshape makes of the classes, with the new number of them in place of the old one. */
function targetShape(
  layer: tf.layers.Layer,
  input: tf.SymbolicTensor,
  x: tf.SymbolicTensor,
  numClasses: number,
): { targetShape: number[] } {
  const { targetShape: target } = layer.getConfig() as { targetShape: number[] };
  const [before, given] = [input, x].map(({ shape }) => shape.slice(1));
  const classes = before.find((length, axis) => length !== given[axis]);
  // Of a length that is left open tfjs does not tell what it comes to.
  const known = target.filter((length) => length > 0);
  const isWhole = given.every((length) => length !== null);
  if (!isWhole || known.length === target.length - 1) {
    const open = isWhole ? product(given as number[]) / product(known) : -1;
    if (!isWhole || Number.isInteger(open))
      return { targetShape: target.map((length) => (length > 0 ? length : open)) };
  }
  const at = target.lastIndexOf(classes as number);
  const renewed = target.map((length, axis) => (axis === at ? numClasses : length));
  if (product(renewed) === product(given as number[])) return { targetShape: renewed };
  throw invalidArgument(
    'model',
    `${EXPECTATION}, and a shape of the classes that another number of them can have`,
    `${layer.name}, which makes [${target.join(', ')}] of [${before.join(', ')}]`,
  );
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, length) => total * length, 1);
}

function copyOf(layer: tf.layers.Layer, config: Config): tf.layers.Layer {
  const layerClass = layer.constructor as tf.serialization.SerializableConstructor<tf.layers.Layer>;
  return layerClass.fromConfig(layerClass, config);
}

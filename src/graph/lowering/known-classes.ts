import * as tf from '@tensorflow/tfjs';
import { hasBatchNormCall } from '../../backends/accelerate/batch-norm-layer';
import { ChannelShuffle } from '../../layers/channel-shuffle';
import { ChannelSlice } from '../../layers/channel-slice';
import { isLayersModel, isSequential } from '../../kind-of';
import { ConstantOperand } from '../../layers/constant-operand';
import { DepthwiseSeparableConv2D } from '../../layers/depthwise-separable-conv2d';
import { DropPath } from '../../layers/drop-path';
import { GroupedConv2D } from '../../layers/grouped-conv2d';
import { HardSwish } from '../../layers/hard-swish';
import { LayerScale } from '../../layers/layer-scale';
import { SqueezeExcite } from '../../layers/squeeze-excite';

// A class name says what a layer computes only if the layer is of the class that everyone knows by that name. tfjs exports
// its classes of models and functions that make layers: a layer that is never built tells its class. It is given a name, as
// tfjs would count it otherwise and name the caller's layers by that count.

const name = 'known';
const { layers } = tf;
const EXAMPLES: readonly (() => tf.layers.Layer)[] = [
  () => layers.activation({ name, activation: 'linear' }),
  () => layers.add({ name }),
  () => layers.alphaDropout({ name, rate: 0 }),
  () => layers.averagePooling2d({ name, poolSize: 1 }),
  () => layers.batchNormalization({ name }),
  () => layers.concatenate({ name }),
  () => layers.conv2d({ name, filters: 1, kernelSize: 1 }),
  () => layers.cropping2D({ name, cropping: 0 }),
  () => layers.dense({ name, units: 1 }),
  () => layers.depthwiseConv2d({ name, kernelSize: 1 }),
  () => layers.dropout({ name, rate: 0 }),
  () => layers.elu({ name }),
  () => layers.flatten({ name }),
  () => layers.gaussianDropout({ name, rate: 0 }),
  () => layers.gaussianNoise({ name, stddev: 0 }),
  () => layers.globalAveragePooling2d({ name } as never),
  () => layers.layerNormalization({ name }),
  () => layers.leakyReLU({ name }),
  () => layers.maxPooling2d({ name, poolSize: 1 }),
  () => layers.multiply({ name }),
  () => layers.permute({ name, dims: [1] }),
  () => layers.reLU({ name }),
  () => layers.rescaling({ name, scale: 1 } as never),
  () => layers.reshape({ name, targetShape: [1] }),
  () => layers.separableConv2d({ name, filters: 1, kernelSize: 1 }),
  () => layers.softmax({ name }),
  () => layers.spatialDropout1d({ name, rate: 0 }),
  () => layers.zeroPadding2d({ name }),
];

const OURS = [
  ChannelShuffle,
  ChannelSlice,
  ConstantOperand,
  DepthwiseSeparableConv2D,
  DropPath,
  GroupedConv2D,
  HardSwish,
  LayerScale,
  SqueezeExcite,
];

let prototypes: ReadonlyMap<string, object> | undefined;

function knownPrototypes(): ReadonlyMap<string, object> {
  prototypes ??= new Map([
    ...EXAMPLES.map((make): [string, object] => {
      const layer = make();
      return [layer.getClassName(), Object.getPrototypeOf(layer) as object];
    }),
    ...OURS.map(({ className, prototype }): [string, object] => [className, prototype]),
  ]);
  return prototypes;
}

function prototypeOf(layer: tf.layers.Layer): object | undefined {
  if (!isLayersModel(layer)) return knownPrototypes().get(layer.getClassName());
  return isSequential(layer) ? tf.Sequential.prototype : tf.LayersModel.prototype;
}

/** The methods that make a layer's output, some of them of their own kind of layers. */
const COMPUTING = ['call', 'apply', 'poolingFunction', 'mergeFunction'];

/**
 * Why a layer computes something else than its class name tells, if it does: it is of another class of the same name, or its
 * own class, or the layer itself, has put another method in the place of one that computes.
 */
export function foreignComputation(layer: tf.layers.Layer): string | undefined {
  const className = layer.getClassName();
  const known = prototypeOf(layer);
  if (known === undefined || !Object.prototype.isPrototypeOf.call(known, layer)) {
    if (known !== undefined && isOfAnotherCopy(layer, known)) return undefined;
    return `its class is another one than the ${className} that is known`;
  }
  for (let each: object = layer; each !== known; each = Object.getPrototypeOf(each) as object) {
    const replaced = COMPUTING.find((method) => Object.hasOwn(each, method));
    if (replaced === undefined || (each === layer && replaced === 'call' && hasBatchNormCall(layer)))
      continue;
    return `its ${replaced} is not that of ${className}`;
  }
  return undefined;
}

/** Whether a layer is of the class that a second copy of tfjs has by the name of a known one, line by line the same. */
function isOfAnotherCopy(layer: tf.layers.Layer, known: object): boolean {
  const [own, ours] = [layer, known].map((each) => each as Readonly<Record<string, unknown>>);
  return COMPUTING.every((method) => String(own[method]) === String(ours[method]));
}

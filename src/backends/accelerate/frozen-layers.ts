import * as tf from '@tensorflow/tfjs';
import { replaceMethod, type Patch } from './patch';

// tfjs looks at `trainable` only when it lists the weights that an optimiser moves. In Keras it holds for all that is within:
// a model that is not trainable has no trainable layer. Which models a layer is in tfjs does not keep, so it is noted while
// they are called.

/** How many of the layers that are now being called are not trainable. */
let depth = 0;

/** Of each model that is now being called, the layers that are in a part of it that is not trainable. */
const inFrozenParts: ReadonlySet<tf.layers.Layer>[] = [];

/**
 * Whether a layer is not to be trained: it was set so itself, or as part of a model (which marks its weights), or, as far as
 * {@link noteFrozenLayers} is in place, something that it is a part of was.
 */
export function isFrozen(layer: tf.layers.Layer): boolean {
  if (depth > 0 || !layer.trainable || inFrozenParts.some((layers) => layers.has(layer))) return true;
  const { _trainableWeights: weights } = layer as unknown as { _trainableWeights: { trainable: boolean }[] };
  return weights.length > 0 && weights.every(({ trainable }) => !trainable);
}

type Call = (inputs: tf.Tensor | tf.Tensor[], kwargs?: object) => tf.Tensor | tf.Tensor[];
interface Model extends tf.layers.Layer {
  call: Call;
  makeTrainFunction(): (data: tf.Tensor[]) => tf.Scalar[];
}

/** Lets {@link isFrozen} see that a model or a layer around the one in question is not trainable. */
export const noteFrozenLayers: Patch = () => {
  const model = tf.LayersModel.prototype as unknown as Model;
  const noted = (stock: Call): Call =>
    function (this: tf.layers.Layer, inputs, kwargs) {
      return within(this, () => stock.call(this, inputs, kwargs));
    };
  const undo = [
    replaceMethod(tf.layers.Layer.prototype as unknown as { apply: Call }, 'apply', noted),
    // A wrapper calls the model that it wraps, without `apply`.
    replaceMethod(model, 'call', noted),
    replaceMethod(
      model,
      'makeTrainFunction',
      (stock) =>
        function (this: Model) {
          const trainOn = stock.call(this);
          return (data: tf.Tensor[]) => within(this, () => trainOn(data));
        },
    ),
  ];
  return () => undo.forEach((takeBack) => takeBack());
};

function within<T>(layer: tf.layers.Layer, run: () => T): T {
  if (layer instanceof tf.LayersModel && layer.trainable) return withParts(layer, run);
  if (layer.trainable) return run();
  depth++;
  try {
    return run();
  } finally {
    depth--;
  }
}

/** A sequential model calls the layers of the model that is its first without calling that. */
function withParts<T>(model: tf.LayersModel, run: () => T): T {
  const frozen = layersWithin(model).filter((layer) => layer instanceof tf.LayersModel && !layer.trainable);
  inFrozenParts.push(new Set(frozen.flatMap(layersWithin)));
  try {
    return run();
  } finally {
    inFrozenParts.pop();
  }
}

/** A layer and all that are within it, at any depth: those of a model, and the one of a wrapper. */
export function layersWithin(layer: tf.layers.Layer): tf.layers.Layer[] {
  // Other people's layers may have anything under these names.
  const { layers, layer: wrapped } = layer as { layers?: unknown; layer?: unknown };
  const within = [layers, wrapped].flat().filter((each) => each instanceof tf.layers.Layer);
  return [layer, ...within.flatMap(layersWithin)];
}

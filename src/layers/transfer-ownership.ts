import type * as tf from '@tensorflow/tfjs';

import { isLayersModel, isSequential } from '../kind-of';

interface Counted {
  _refCount: number | null;
}

/**
 * Gives the layers of a model, and the models within it, to it alone, so that `dispose` of the model frees the weights of
 * all. tfjs counts each call of a layer as an owner and takes back one a layer, two a model within a graph: what is called
 * more often it never frees. For a model that shares no layer with another.
 */
export function transferOwnership(model: tf.LayersModel): void {
  for (const layer of model.layers) {
    if (isLayersModel(layer)) transferOwnership(layer);
    const counted = layer as unknown as Counted;
    counted._refCount = Math.min(counted._refCount ?? 0, ownersTaken(model, layer));
  }
}

/** Makes `dispose` of a graph of layers find as many owners of the models within it as it takes. */
export function ownInnerModels(model: tf.LayersModel): void {
  for (const layer of model.layers) {
    if (!isLayersModel(layer)) continue;
    const counted = layer as unknown as Counted;
    counted._refCount = Math.max(counted._refCount ?? 0, ownersTaken(model, layer));
  }
}

function ownersTaken(model: tf.LayersModel, layer: tf.layers.Layer): number {
  return isLayersModel(layer) && !isSequential(model) ? 2 : 1;
}

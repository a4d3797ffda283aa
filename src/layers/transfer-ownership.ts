import * as tf from '@tensorflow/tfjs';

interface Counted {
  readonly _refCount: number | null;
}

/**
 * Gives the layers of a model, and the models within it, to it alone, so that `dispose` of the model frees the weights of
 * all. tfjs counts each call of a layer as an owner and takes back one a layer, two a model within a graph: what is called
 * more often it never frees. For a model that shares no layer with another.
 */
export function transferOwnership(model: tf.LayersModel): void {
  const taken = model instanceof tf.Sequential ? 1 : 2;
  for (const layer of model.layers) {
    const isModel = layer instanceof tf.LayersModel;
    if (isModel) transferOwnership(layer);
    for (let owners = ownersOf(layer); owners > (isModel ? taken : 1); owners--) layer.dispose();
  }
}

function ownersOf(layer: tf.layers.Layer): number {
  return (layer as unknown as Counted)._refCount ?? 0;
}

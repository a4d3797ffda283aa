import type * as tf from '@tensorflow/tfjs';

/** One call of a layer in a graph of layers. */
export interface LayerCall {
  readonly inboundLayers: readonly tf.layers.Layer[];
  readonly inputTensors: readonly tf.SymbolicTensor[];
}

interface Connected {
  readonly inboundNodes: readonly LayerCall[];
  readonly outboundNodes: LayerCall[];
}

function connections(layer: tf.layers.Layer): Connected {
  return layer as unknown as Connected;
}

/** The calls of a layer, in the order in which they were made. The first of a model is its own making. */
export function callsOf(layer: tf.layers.Layer): readonly LayerCall[] {
  return connections(layer).inboundNodes;
}

/** The call that a symbol is an output of. */
export function callOf(x: tf.SymbolicTensor): LayerCall {
  return callsOf(x.sourceLayer)[x.nodeIndex];
}

/** The layers whose outputs a layer reads, wherever it is called. */
export function layersBefore(layer: tf.layers.Layer): readonly tf.layers.Layer[] {
  return callsOf(layer).flatMap(({ inboundLayers }) => inboundLayers);
}

/**
 * Takes the calls of a layer out of its graph: the layers that it read no longer count it among their readers, on which it
 * depends how long their outputs are kept in training.
 */
export function detachLayer(layer: tf.layers.Layer): void {
  const calls = new Set(callsOf(layer));
  for (const before of layersBefore(layer)) {
    const { outboundNodes } = connections(before);
    const kept = outboundNodes.filter((call) => !calls.has(call));
    outboundNodes.splice(0, outboundNodes.length, ...kept);
  }
}

/** Takes a layer out of its graph and frees its weights. */
export function removeLayer(layer: tf.layers.Layer): void {
  detachLayer(layer);
  layer.dispose();
}

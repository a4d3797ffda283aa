import type * as tf from '@tensorflow/tfjs';

/** One call of a layer in a graph of layers. */
interface LayerCall {
  readonly inboundLayers: readonly tf.layers.Layer[];
}

interface Connected {
  readonly inboundNodes: readonly LayerCall[];
  readonly outboundNodes: LayerCall[];
}

function connections(layer: tf.layers.Layer): Connected {
  return layer as unknown as Connected;
}

/** The layers whose outputs a layer reads, wherever it is called. */
export function layersBefore(layer: tf.layers.Layer): readonly tf.layers.Layer[] {
  return connections(layer).inboundNodes.flatMap(({ inboundLayers }) => inboundLayers);
}

/**
 * Takes a layer out of its graph and frees its weights. The layers that it read no longer count it among their readers,
 * on which it depends how long their outputs are kept in training.
 */
export function removeLayer(layer: tf.layers.Layer): void {
  const calls = new Set(connections(layer).inboundNodes);
  for (const before of layersBefore(layer)) {
    const { outboundNodes } = connections(before);
    const kept = outboundNodes.filter((call) => !calls.has(call));
    outboundNodes.splice(0, outboundNodes.length, ...kept);
  }
  layer.dispose();
}

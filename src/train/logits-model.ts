import * as tf from '@tensorflow/tfjs';

import { callOf, detachLayer } from '../layers/layer-graph';
import { isLayersModel } from '../kind-of';
import { isActivation, passesLogits, probabilityActivation } from '../layers/probabilities';

/** A model that puts out logits, and how to be rid of it. */
export interface LogitsModel {
  readonly model: tf.LayersModel;
  /** Leaves the model that it was made of as it was; weights are that one's, and stay. */
  readonly release: () => void;
}

/**
 * The logits of a model that ends in a softmax, as models of Keras do: the same layers and weights without that activation,
 * which may be one of a layer's own and of a model within the model. Any other model is passed on as it is.
 *
 * @example
 * const { model: logits, release } = logitsModel(await loadKerasFile('flowers.keras'));
 */
export function logitsModel(model: tf.LayersModel): LogitsModel {
  const views: tf.layers.Layer[] = [];
  const logits = withoutSoftmax(model, views);
  return { model: logits ?? model, release: () => views.reverse().forEach(detachLayer) };
}

/** @param views takes the layers that were made, and attached to those of the model */
function withoutSoftmax(model: tf.LayersModel, views: tf.layers.Layer[]): tf.LayersModel | undefined {
  if (model.outputs.length !== 1) return undefined;
  const after: tf.layers.Layer[] = [];
  let x: tf.SymbolicTensor = model.outputs[0];
  while (passesLogits(x.sourceLayer)) {
    after.unshift(x.sourceLayer);
    [x] = callOf(x).inputTensors;
  }
  const layer = x.sourceLayer;
  const { inputTensors: inputs } = callOf(x);
  const apply = (view: tf.layers.Layer, given: readonly tf.SymbolicTensor[]): tf.SymbolicTensor => {
    views.push(view);
    return view.apply(given.length === 1 ? given[0] : [...given]) as tf.SymbolicTensor;
  };
  let logits: tf.SymbolicTensor;
  if (isLayersModel(layer)) {
    const inner = withoutSoftmax(layer, views);
    if (inner === undefined) return undefined;
    logits = apply(inner, inputs);
  } else if (probabilityActivation(layer) !== 'softmax') {
    return undefined;
  } else {
    logits = isActivation(layer) ? inputs[0] : apply(linearView(layer), inputs);
  }
  for (const each of after) logits = apply(viewOf(each), [logits]);
  return tf.model({ name: model.name, inputs: model.inputs, outputs: logits });
}

/** The same layer in another place of the graph: what is set of it is its own, and all else, weights included, the layer's. */
function viewOf<L extends object>(layer: L): L {
  return Object.assign(Object.create(layer) as L, { inboundNodes: [], outboundNodes: [] });
}

interface Activated {
  activation?: unknown;
  /** The layer of tfjs that a grouped convolution has its options from. */
  stock?: Activated;
}

function linearView(layer: tf.layers.Layer): tf.layers.Layer {
  const { activation } = tf.layers.activation({ activation: 'linear' }) as unknown as Activated;
  const view = viewOf(layer);
  const own = view as Activated;
  if (own.stock === undefined) own.activation = activation;
  else own.stock = Object.assign(Object.create(own.stock) as Activated, { activation });
  return view;
}

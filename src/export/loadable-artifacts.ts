import type * as tf from '@tensorflow/tfjs';

import { isLayersModel } from '../kind-of';
import { callOrder, type Reference } from '../layers/call-order';
import { unsavedOptions } from './unsaved-options';

// The part of a saved topology that is read here, as tfjs writes it.
interface LayerJson {
  readonly class_name: string;
  readonly config: ModelJson & { readonly name: string };
  /** These two are missing in a sequential model. */
  readonly name?: string;
  readonly inbound_nodes?: readonly (readonly Input[])[];
}

interface ModelJson {
  readonly layers?: readonly LayerJson[];
  readonly input_layers?: readonly Reference[];
  readonly output_layers?: readonly Reference[];
}

type Input = [layer: string, call: number, tensor: number, options?: object];

/**
 * What tfjs saved of a model, such that tfjs loads the same model of it. By itself it does not where a layer leaves an option
 * out, where layers of models within the model have weights under equal names, of which it wants one each, and where it
 * makes the calls of a shared layer in another order than they are counted in.
 *
 * Of layers with equal names, one keeps it, in the model itself before models within it; the others are saved under their
 * model's name before their own.
 */
export function loadableArtifacts(
  model: tf.LayersModel,
  artifacts: tf.io.ModelArtifacts,
): tf.io.ModelArtifacts {
  const { weightSpecs = [] } = artifacts;
  const owners = weightOwners(model);
  const renamed = distinctNames(model, owners);
  const topology = artifacts.modelTopology as LayerJson;
  return {
    ...artifacts,
    modelTopology: { ...topology, config: modelJson(topology.config, model, [], renamed) },
    weightSpecs: weightSpecs.map((spec, i) => {
      const { path, layer } = owners[i];
      const name = renamed.get(keyOf([...path, layer]));
      return name === undefined ? spec : { ...spec, name: name + spec.name.slice(layer.length) };
    }),
  };
}

/** A layer by the models that it is in, from the outermost on. */
interface Place {
  readonly path: readonly string[];
  readonly layer: string;
}

interface Owner extends Place {
  readonly variable: tf.LayerVariable;
}

/** The layer of each weight, in the order of `model.weights`. */
function weightOwners(model: tf.LayersModel): Owner[] {
  const left = placedWeights(model, []);
  return model.weights.map((variable) => {
    // A layer that two models share has its weights in both.
    const at = left.findIndex((owner) => owner.variable === variable);
    return left.splice(at, 1)[0];
  });
}

function placedWeights(model: tf.LayersModel, path: readonly string[]): Owner[] {
  return model.layers.flatMap((layer) =>
    isLayersModel(layer)
      ? placedWeights(layer, [...path, layer.name])
      : layer.weights.map((variable) => ({ variable, path, layer: layer.name })),
  );
}

/** By their places, new names of the layers whose weights would be called as others are. */
function distinctNames(model: tf.LayersModel, owners: readonly Owner[]): ReadonlyMap<string, string> {
  const claimed = new Set<string>(allNames(model));
  const byName = new Map<string, string>();
  const renamed = new Map<string, string>();
  const outermostFirst = [...owners].sort((a, b) => a.path.length - b.path.length);
  for (const { path, layer, variable } of outermostFirst) {
    const key = keyOf([...path, layer]);
    const holder = byName.get(variable.originalName) ?? key;
    byName.set(variable.originalName, holder);
    // A weight is named after its layer, unless someone named it: then no new name of the layer would help.
    const isNamedAfter = variable.originalName.startsWith(`${layer}/`);
    if (holder === key || renamed.has(key) || !isNamedAfter) continue;
    const wanted = [...path, layer].join('_');
    let name = wanted;
    for (let count = 1; claimed.has(name); count++) name = `${wanted}_${count}`;
    claimed.add(name);
    renamed.set(key, name);
  }
  return renamed;
}

function allNames({ layers }: tf.LayersModel): string[] {
  return layers.flatMap((layer) => (isLayersModel(layer) ? [layer.name, ...allNames(layer)] : [layer.name]));
}

function keyOf(place: readonly string[]): string {
  return JSON.stringify(place);
}

/** The config of a layer, or of a model with its layers renamed and calls counted as tfjs makes them. */
function modelJson<Json extends ModelJson>(
  json: Json,
  model: tf.layers.Layer,
  path: readonly string[],
  renamed: ReadonlyMap<string, string>,
): Json {
  const { layers, input_layers: inputs, output_layers: outputs } = json;
  if (layers === undefined || !isLayersModel(model)) return { ...json, ...unsavedOptions(model) };
  const made = layers.map((layer): LayerJson => {
    const own = [...path, layer.config.name];
    const name = renamed.get(keyOf(own)) ?? layer.config.name;
    const config = { ...modelJson(layer.config, model.getLayer(layer.config.name), own, renamed), name };
    return layer.name === undefined ? { ...layer, config } : { ...layer, name, config };
  });
  if (inputs === undefined || outputs === undefined) return { ...json, layers: made };
  const written = references(layers, path, renamed);
  return {
    ...json,
    layers: made.map((layer, i) => {
      const nodes = layers[i].inbound_nodes ?? [];
      const ordered = written.order(layers[i].config.name).map((call) => nodes[call]);
      return {
        ...layer,
        inbound_nodes: ordered.map((node) =>
          node.map(([name, call, tensor, ...options]) => [...written.to([name, call, tensor]), ...options]),
        ),
      };
    }),
    input_layers: inputs.map(written.to),
    output_layers: outputs.map(written.to),
  };
}

/** How the calls of a graph's layers are to be written. */
function references(
  layers: readonly LayerJson[],
  path: readonly string[],
  renamed: ReadonlyMap<string, string>,
): { order: (name: string) => readonly number[]; to: (reference: Reference) => Reference } {
  // The first call of a model is its making.
  const models = new Set(
    layers.filter(({ config }) => config.layers !== undefined).map(({ config }) => config.name),
  );
  const first = (name: string): number => (models.has(name) ? 1 : 0);
  const order = callOrder(
    layers.map(({ config: { name }, inbound_nodes: nodes = [] }) => ({
      name,
      isInput: nodes.length === 0,
      calls: nodes.map((node) =>
        node.map(([input, call, tensor]): Reference => [input, call - first(input), tensor]),
      ),
    })),
  );
  const orderOf = (name: string): readonly number[] => order.get(name) ?? [];
  return {
    order: (name) =>
      layers.find(({ config }) => config.name === name)?.inbound_nodes?.length ? orderOf(name) : [],
    to: ([name, call, tensor]) => [
      renamed.get(keyOf([...path, name])) ?? name,
      orderOf(name).indexOf(call - first(name)) + first(name),
      tensor,
    ],
  };
}

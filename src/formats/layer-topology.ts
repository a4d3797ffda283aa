import * as tf from '@tensorflow/tfjs';

import { CardinalError, nearest } from '../errors';
import { camelCase } from './camel-case';
import { checkCalls, type GraphLayer, type Output } from './layer-calls';
import { checkDepth } from './json-depth';

type Fields = Readonly<Record<string, unknown>>;

interface Entry {
  readonly className: string;
  readonly config: Fields;
  readonly fields: Fields;
}

const GRAPHS: readonly string[] = ['Model', 'Functional'];

/**
 * Refuses a model's topology that tfjs's builder would not end on, or not as it should: that is not whole, that reads what is
 * not there or is never made, itself included, or that names a class of layers that is not registered. Models within it are
 * looked at alike, within other layers too.
 *
 * @param topology of a tfjs `model.json`, or the config of a model as tfjs hands it on, its keys in camel case
 * @throws CardinalError naming the layer, and models that it is in from the outermost on
 */
export function checkLayerTopology(topology: unknown): void {
  checkDepth(topology);
  const model = field(topology, 'model_config') ?? topology;
  const entry = entryOf(model);
  const cls = registered(entry.className);
  if (cls !== tf.LayersModel && !(cls.prototype instanceof tf.LayersModel)) {
    throw new CardinalError(
      `expected a model, ${GRAPHS.join(', ')} or Sequential. Received: ${entry.className}`,
    );
  }
  checkModel(entry);
}

/** As {@link checkLayerTopology}, of the config of a model that tfjs is about to build as an instance of `className`. */
export function checkModelConfig(className: string, config: unknown): void {
  checkDepth(config);
  checkModel({ className, config: objectOf(config, 'the config of a model'), fields: {} });
}

function checkModel({ className, config }: Entry): void {
  if (className === 'Sequential') checkSequential(config);
  else if (GRAPHS.includes(className)) checkGraph(config);
  else checkWithin(config);
}

function checkSequential(config: Fields): void {
  // The oldest are lists by themselves.
  const layers: unknown = Array.isArray(config) ? config : config.layers;
  if (!Array.isArray(layers)) throw new CardinalError('a model has no list of layers');
  const names = new Set<unknown>();
  for (const json of layers as unknown[]) {
    const entry = entryOf(json);
    const { name } = entry.config;
    if (name !== undefined) checkName(name, entry.className);
    if (name !== undefined && names.has(name))
      throw new CardinalError(`two layers are called ${String(name)}`);
    names.add(name);
    checkLayer(entry, String(name ?? names.size));
  }
}

function checkGraph(config: Fields): void {
  const { layers } = config;
  if (!Array.isArray(layers) || layers.length === 0) throw new CardinalError('a model has no list of layers');
  const entries = (layers as unknown[]).map(entryOf);
  const names = entries.map(({ fields, className, config: own }) => {
    const name = checkName(fields.name, className);
    // tfjs goes by the one here and by the other there.
    if (own.name === name) return name;
    throw new CardinalError(`${labelOf(name, className)}: its config calls it ${shown(own.name)}`);
  });
  if (new Set(names).size < names.length) {
    const twice = names.find((name, i) => names.indexOf(name) < i);
    throw new CardinalError(`two layers are called ${twice}`);
  }
  entries.forEach((entry, i) => checkLayer(entry, names[i]));
  const nodes = entries.map(({ fields }) => field(fields, 'inbound_nodes'));
  // Keras 3 writes calls as objects. Where nobody makes lists of them, tfjs throws on the first.
  if (nodes.some((own) => Array.isArray(own) && own.some((node) => isObject(node)))) return;
  const graph = entries.map((entry, i): GraphLayer => {
    const label = labelOf(names[i], entry.className);
    return {
      name: names[i],
      label,
      // An input has its output without a call, and making a model counts as its first.
      ownCalls: entry.className === 'InputLayer' || isModel(entry) ? 1 : 0,
      calls: callsOf(nodes[i], label),
      outputs: outputCount(entry),
    };
  });
  const ends = (key: string): Output[] =>
    outputsOf(field(config, key), `the model's ${key}`, () => new CardinalError(`the model has no ${key}`));
  checkCalls(graph, ends('input_layers'), ends('output_layers'));
}

/** Names that a plain object has by itself, in which tfjs looks names up. */
function checkName(name: unknown, className: string): string {
  if (typeof name !== 'string' || name === '') {
    throw new CardinalError(`a layer (${className}) has no name: ${shown(name)}`);
  }
  if (name in {}) throw new CardinalError(`no layer of tfjs can be called ${name}`);
  return name;
}

function checkLayer(entry: Entry, name: string): void {
  labelled(labelOf(name, entry.className), () => {
    registered(entry.className);
    if (isModel(entry)) checkModel(entry);
    else checkWithin(entry.config);
  });
}

/** Models anywhere in the config of a layer, as wrappers have them. */
function checkWithin(json: unknown): void {
  if (Array.isArray(json)) return json.forEach(checkWithin);
  if (!isObject(json)) return;
  const className = field(json, 'class_name');
  if (typeof className === 'string' && isObject(json.config) && json.config.layers !== undefined) {
    checkModel(entryOf(json));
  } else {
    Object.values(json).forEach(checkWithin);
  }
}

function callsOf(nodes: unknown, label: string): Output[][] {
  if (!Array.isArray(nodes)) {
    throw new CardinalError(`${label}: expected a list of inbound_nodes. Received: ${shown(nodes)}`);
  }
  const nothing = () => new CardinalError(`${label}: it is called with nothing`);
  return nodes.map((node) => outputsOf(node, label, nothing));
}

/** `[layer, call, tensor]`, or with options `[layer, call, tensor, {}]`, in a list. */
function outputsOf(json: unknown, label: string, nothing: () => CardinalError): Output[] {
  if (Array.isArray(json) && json.length === 0) throw nothing();
  if (!Array.isArray(json)) throw new CardinalError(`${label}: expected a list. Received: ${shown(json)}`);
  return json.map((output: unknown) => {
    const [layer, call, tensor, options] = Array.isArray(output) ? (output as unknown[]) : [];
    const isOutput = typeof layer === 'string' && [call, tensor].every((at) => Number.isSafeInteger(at));
    if (
      isOutput &&
      (options == null || isObject(options)) &&
      (call as number) >= 0 &&
      (tensor as number) >= 0
    ) {
      return [layer, call, tensor] as Output;
    }
    throw new CardinalError(`${label}: expected [layer, call, tensor]. Received: ${shown(output)}`);
  });
}

/** `undefined` of classes of which nothing is known here. */
function outputCount(entry: Entry): number | undefined {
  const { className, config } = entry;
  if (className === 'InputLayer' || className === 'Sequential') return 1;
  if (!isModel(entry)) return undefined;
  const outputs = field(config, 'output_layers');
  return Array.isArray(outputs) ? outputs.length : undefined;
}

function isModel({ className }: Entry): boolean {
  return className === 'Sequential' || GRAPHS.includes(className);
}

type Class = tf.serialization.SerializableConstructor<tf.serialization.Serializable>;

function registered(className: string): Class {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  // As tfjs looks it up.
  const name = camelCase(className);
  if (Object.hasOwn(classNameMap, name)) return classNameMap[name][0];
  const near = nearest(className, Object.keys(classNameMap));
  const hint = near === undefined ? '' : ` (did you mean '${near}'?)`;
  throw new CardinalError(`no class of layers is called '${className}'${hint}`);
}

function entryOf(json: unknown): Entry {
  const fields = objectOf(json, 'a layer with class_name and config');
  const className = field(fields, 'class_name');
  const { config } = fields;
  if (typeof className !== 'string' || typeof config !== 'object' || config === null) {
    throw new CardinalError(`expected a layer with class_name and config. Received: ${shown(json)}`);
  }
  return { className, config: config as Fields, fields };
}

function objectOf(json: unknown, expectation: string): Fields {
  if (typeof json === 'object' && json !== null) return json as Fields;
  throw new CardinalError(`expected ${expectation}. Received: ${shown(json)}`);
}

function isObject(json: unknown): json is Fields {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** What is under a key as Python writes it, or in camel case. */
function field(json: unknown, key: string): unknown {
  if (!isObject(json)) return undefined;
  return json[key] ?? json[camelCase(key)];
}

function labelOf(name: string, className: string): string {
  return `layer ${name} (${className})`;
}

function labelled(label: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof CardinalError)) throw error;
    throw new CardinalError(`${label}: ${error.message}`, { cause: error });
  }
}

function shown(json: unknown): string {
  const text = JSON.stringify(json) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

import { CardinalError } from '../errors';
import type { Reference } from '../layers/call-order';
import { camelCase } from '../formats/camel-case';
import { excerpt, isObject, type Json, type JsonObject } from './keras-json';

/** What a call is given at one place: one of its tensors, a list of such, or a constant. */
export type Argument =
  { readonly input: number } | { readonly constant: Json } | { readonly list: readonly Argument[] };

/** One call of a layer. */
export interface LayerCall {
  /** The tensors that it is given, lists and dictionaries of them in Keras's order. */
  readonly inputs: readonly Reference[];
  /** Of the inputs, where the config tells them; Keras 3's does. */
  readonly shapes: readonly (readonly (number | null)[])[];
  /** The same with what stands between them; only Keras 3 has calls of operations with constants. */
  readonly arguments: readonly Argument[];
  /** Options of the call that tfjs takes. */
  readonly options: JsonObject;
}

/** Finds the layer that a reference means by what the config calls it. */
export type ResolveName = (name: string) => string;

/**
 * Names of layers for references: as they are, or where tfjs has put strings in camel case before it hands a config over,
 * back from that.
 */
export function nameResolver(names: readonly string[], isCamelCased: boolean): ResolveName {
  const byName = new Map<string, string[]>();
  for (const name of names) {
    const written = isCamelCased ? camelCase(name) : name;
    byName.set(written, [...(byName.get(written) ?? []), name]);
  }
  return (written) => {
    const [name, other] = byName.get(written) ?? [];
    if (name === undefined) throw new CardinalError(`no layer is called ${JSON.stringify(written)}`);
    if (other === undefined) return name;
    throw new CardinalError(
      `${name} and ${other} cannot be told apart by tf.loadLayersModel, which takes '_' away: load it by loadKerasModel`,
    );
  };
}

/**
 * The calls of a layer: Keras 3's `{args, kwargs}` whose tensors carry their history, or lists of
 * `[layer, call, tensor, options]` as Keras 2 and tfjs have them.
 *
 * @param inputNames of a model that has a list of inputs, which may be called with a dictionary by these names
 * @throws CardinalError for what is neither, and for options that mean something to Keras alone
 */
export function layerCalls(
  nodes: Json | undefined,
  resolve: ResolveName,
  inputNames: readonly string[] | undefined,
): LayerCall[] {
  if (nodes == null) return [];
  if (!Array.isArray(nodes)) throw malformed(nodes);
  return nodes.map((node) => (isObject(node) ? keras3Call(node, resolve, inputNames) : keras2Call(node)));
}

/** The same in the form that tfjs reads. */
export function inboundNodes(calls: readonly Pick<LayerCall, 'inputs' | 'options'>[]): Json {
  return calls.map(({ inputs, options }) => inputs.map((input) => [...input, options]));
}

/** The inputs or outputs of a model: one reference, or lists and dictionaries of them, in Keras's order. */
export function references(json: Json | undefined): Reference[] {
  if (isReference(json)) return [toReference(json)];
  if (Array.isArray(json)) return json.flatMap(references);
  if (isObject(json)) return sortedValues(json).flatMap(references);
  throw malformed(json ?? null);
}

function keras3Call(
  { args = [], kwargs = {} }: JsonObject,
  resolve: ResolveName,
  inputNames: readonly string[] | undefined,
): LayerCall {
  if (!Array.isArray(args)) throw malformed(args);
  if (!isObject(kwargs)) throw malformed(kwargs);
  const inputs: Reference[] = [];
  const shapes: (number | null)[][] = [];
  const argument = (json: Json): Argument => {
    const tensor = kerasTensor(json);
    if (tensor !== undefined) {
      const [name, call, index] = tensor.history;
      shapes.push(tensor.shape);
      return { input: inputs.push([resolve(name), call, index]) - 1 };
    }
    if (Array.isArray(json)) return { list: json.map(argument) };
    if (isObject(json) && hasTensor(json)) return { list: sortedValues(json).map(argument) };
    return { constant: json };
  };
  const isByName = (json: Json): json is JsonObject =>
    inputNames !== undefined && isObject(json) && inputNames.every((name) => kerasTensor(json[name]));
  const structure = (json: Json): Argument =>
    isByName(json) ? argument((inputNames ?? []).map((name) => json[name])) : argument(json);
  // Tensors come by keyword too: `layer(inputs=x)`. A mask is none of the inputs.
  const named = Object.entries(kwargs).filter(([key, value]) => key !== 'mask' && hasTensor(value));
  const given = [...args, ...named.map(([, value]) => value)].map(structure);
  const others = Object.entries(kwargs).filter(
    ([key, value]) => !named.some(([own]) => own === key) && !isUnset(value),
  );
  return { inputs, shapes, arguments: given, options: callOptions(Object.fromEntries(others)) };
}

function keras2Call(node: Json): LayerCall {
  if (!Array.isArray(node)) throw malformed(node);
  const tensors = isReference(node) ? [node] : node;
  const last = tensors.at(-1);
  const options = Array.isArray(last) && isObject(last[3]) ? last[3] : {};
  const given = Object.entries(options).filter(([, value]) => !isUnset(value));
  const inputs = references(tensors);
  return {
    inputs,
    shapes: [],
    arguments: inputs.map((_, input) => ({ input })),
    options: callOptions(Object.fromEntries(given)),
  };
}

/** What is there and means something to Keras alone is refused. */
function callOptions(options: JsonObject): JsonObject {
  for (const [key, value] of Object.entries(options)) {
    if (key === 'training' && typeof value === 'boolean') continue;
    throw new CardinalError(`a call has the option ${key}, which is not known: ${excerpt(value)}`);
  }
  return options;
}

/** Whether an option of a call is not set: `null`, or as many in lists as there are tensors. */
function isUnset(json: Json): boolean {
  if (Array.isArray(json)) return json.every(isUnset);
  return json === null || (isObject(json) && Object.values(json).every(isUnset));
}

/** A tensor as Keras 3 writes it, with or without tfjs's camel case. */
function kerasTensor(json: Json | undefined): { history: Reference; shape: (number | null)[] } | undefined {
  const config = isObject(json) ? json.config : undefined;
  if (!isObject(config)) return undefined;
  const history = config.keras_history ?? config.kerasHistory;
  if (!isReference(history)) return undefined;
  const shape = Array.isArray(config.shape) ? (config.shape as (number | null)[]) : [];
  return { history: toReference(history), shape };
}

function hasTensor(json: Json): boolean {
  if (kerasTensor(json) !== undefined) return true;
  if (Array.isArray(json)) return json.some(hasTensor);
  return isObject(json) && Object.values(json).some(hasTensor);
}

/** The values of a dictionary in the order in which Keras flattens it: by its keys. */
function sortedValues(json: JsonObject): Json[] {
  return Object.keys(json)
    .sort()
    .map((key) => json[key]);
}

function isReference(json: Json | undefined): json is Json[] {
  return (
    Array.isArray(json) &&
    typeof json[0] === 'string' &&
    Number.isSafeInteger(json[1]) &&
    Number.isSafeInteger(json[2])
  );
}

function toReference([layer, call, tensor]: Json[]): Reference {
  return [layer as string, call as number, tensor as number];
}

function malformed(json: Json): CardinalError {
  return new CardinalError(`expected tensors as Keras writes them. Received: ${excerpt(json)}`);
}

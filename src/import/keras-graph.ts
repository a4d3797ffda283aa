import { CardinalError } from '../errors';
import { camelCase, excerpt, isObject, type Json, type JsonObject } from './keras-json';

/** One output tensor of one call of a layer. */
export type Reference = [layer: string, call: number, tensor: number];

/** One call of a layer. */
export interface LayerCall {
  readonly inputs: readonly Reference[];
  /** Of the inputs, where the config tells them; Keras 3's does. */
  readonly shapes: readonly (readonly (number | null)[])[];
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
 */
export function layerCalls(inboundNodes: Json | undefined, resolve: ResolveName): LayerCall[] {
  if (inboundNodes == null) return [];
  if (!Array.isArray(inboundNodes)) throw malformed(inboundNodes);
  return inboundNodes.map((node) => (isObject(node) ? keras3Call(node, resolve) : keras2Call(node)));
}

/** The same in the form that tfjs reads. */
export function inboundNodes(calls: readonly LayerCall[]): Json {
  return calls.map(({ inputs, options }) => inputs.map((input) => [...input, options]));
}

/** The inputs or outputs of a model: one reference, or a list of them. */
export function references(json: Json | undefined): Reference[] {
  if (isReference(json)) return [toReference(json)];
  if (!Array.isArray(json)) throw malformed(json ?? null);
  return json.map((item) => {
    if (!isReference(item)) throw malformed(item);
    return toReference(item);
  });
}

function keras3Call(node: JsonObject, resolve: ResolveName): LayerCall {
  const inputs: Reference[] = [];
  const shapes: (number | null)[][] = [];
  const collect = (argument: Json): void => {
    if (Array.isArray(argument)) return argument.forEach(collect);
    const config = isObject(argument) ? argument.config : undefined;
    const history = isObject(config) ? config.kerasHistory : undefined;
    if (!isObject(config) || !isReference(history)) {
      throw new CardinalError(`a call has an argument that is no tensor: ${excerpt(argument)}`);
    }
    const [name, call, tensor] = toReference(history);
    inputs.push([resolve(name), call, tensor]);
    shapes.push(Array.isArray(config.shape) ? (config.shape as (number | null)[]) : []);
  };
  collect(node.args ?? []);
  return { inputs, shapes, options: callOptions(node.kwargs ?? {}) };
}

function keras2Call(node: Json): LayerCall {
  if (!Array.isArray(node)) throw malformed(node);
  const inputs = isReference(node) ? [node] : node;
  const last = inputs.at(-1);
  const options = Array.isArray(last) && isObject(last[3]) ? last[3] : {};
  return { inputs: references(inputs), shapes: [], options: callOptions(options) };
}

/** What is not said of a call is not there; what is there and means something to Keras alone is refused. */
function callOptions(options: Json): JsonObject {
  if (!isObject(options)) throw malformed(options);
  const given = Object.entries(options).filter(([, value]) => value !== null);
  const unknown = given.find(([key, value]) => key !== 'training' || typeof value !== 'boolean');
  if (unknown !== undefined) {
    throw new CardinalError(
      `a call has the option ${unknown[0]}, which is not known: ${excerpt(unknown[1])}`,
    );
  }
  return Object.fromEntries(given);
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

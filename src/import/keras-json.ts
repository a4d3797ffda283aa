import { CardinalError } from '../errors';
import { camelCase } from '../formats/camel-case';

/** What JSON can hold. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json;
}

/** One layer of a Keras config, its keys in tfjs's camel case. */
export interface LayerEntry {
  readonly className: string;
  readonly config: JsonObject;
  /** Missing in a sequential model. */
  readonly name?: string;
  readonly inboundNodes?: Json;
  readonly buildConfig?: Json;
  /** Keras 3 writes both, Keras 2 neither. */
  readonly module?: Json;
  readonly registeredName?: Json;
}

/** Nests as deeply as models within models do; more is an attack on the stack. */
const DEEPEST = 64;

/** What a call is given and a model puts out: its keys may be a person's, by which Keras sorts. */
const STRUCTURES: ReadonlySet<string> = new Set(['args', 'kwargs', 'inputLayers', 'outputLayers']);

/** The same JSON with its keys in camel case, but for those of structures of tensors, and no other strings. */
export function camelKeys(json: Json): Json {
  return withKeys(json, camelCase, 0);
}

function withKeys(json: Json, rename: (key: string) => string, depth: number): Json {
  if (depth > DEEPEST) throw new CardinalError('the config is nested too deeply');
  if (Array.isArray(json)) return json.map((item) => withKeys(item, rename, depth + 1));
  if (!isObject(json)) return json;
  const renamed = Object.entries(json).map(([written, value]): [string, Json] => {
    const key = rename(written);
    return [key, withKeys(value, STRUCTURES.has(key) ? (own) => own : rename, depth + 1)];
  });
  return Object.fromEntries(renamed);
}

export function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** Keras 2 writes neither, and both write functions under names of other functions. */
export function isKeras3({ module, registeredName }: LayerEntry): boolean {
  return module !== undefined || registeredName !== undefined;
}

/** A layer of a config, or the error that says what is there instead. */
export function layerEntry(json: Json | undefined): LayerEntry {
  if (!isObject(json) || typeof json.className !== 'string' || !isObject(json.config)) {
    throw new CardinalError(
      `expected a layer with class_name and config. Received: ${excerpt(json ?? null)}`,
    );
  }
  return json as unknown as LayerEntry;
}

/** JSON for an error message. */
export function excerpt(json: Json): string {
  const text = JSON.stringify(json);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

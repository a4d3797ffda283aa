import { CardinalError } from '../errors';

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

/** `hard_sigmoid` as tfjs writes it when it loads a config: `hardSigmoid`. */
export function camelCase(identifier: string): string {
  return identifier.replace(/_+(\w|$)/g, (_, next: string) => next.toUpperCase());
}

/** The same JSON with its keys, and no other strings, in camel case. */
export function camelKeys(json: Json, depth = 0): Json {
  if (depth > DEEPEST) throw new CardinalError('the config is nested too deeply');
  if (Array.isArray(json)) return json.map((item) => camelKeys(item, depth + 1));
  if (!isObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [camelCase(key), camelKeys(value, depth + 1)]),
  );
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

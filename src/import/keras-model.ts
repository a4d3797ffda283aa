import { CardinalError } from '../errors';
// For their registration: what a config becomes may name them.
import '../layers/grouped-conv2d';
import '../layers/keras-activations';
import {
  inboundNodes,
  layerCalls,
  nameResolver,
  references,
  type LayerCall,
  type Reference,
} from './keras-graph';
import {
  camelKeys,
  isKeras3,
  isObject,
  layerEntry,
  type Json,
  type JsonObject,
  type LayerEntry,
} from './keras-json';
import { inputChannels, KERAS_LAYERS, tfjsLayers, type TfjsLayer } from './keras-layers';

const MODELS = ['Functional', 'Model', 'Sequential'];

export interface TfjsConfigOptions {
  /** Whether layers other than Keras's are left as they are, for tfjs's own registry to judge; they are refused otherwise. */
  readonly passOthers?: boolean;
  /** Whether tfjs has already put the strings of the config in camel case. */
  readonly isCamelCased?: boolean;
}

/**
 * The config of a Keras model, 2 or 3, as tfjs builds it: convolutions with groups as `GroupedConv2D`, Keras 3's inputs and
 * graph in the form of Keras 2, and options that tfjs names otherwise under its names.
 *
 * @param config of a model: `{class_name, config}`
 * @throws CardinalError naming the layer, for a class that is not on the list and for an option that tfjs cannot keep
 *
 * @example
 * const topology = tfjsConfig(JSON.parse(new TextDecoder().decode(files['config.json'])));
 * const model = await tf.models.modelFromJSON(topology);
 */
export function tfjsConfig(config: Json, options: TfjsConfigOptions = {}): JsonObject {
  const entry = layerEntry(camelKeys(config));
  if (!MODELS.includes(entry.className)) {
    throw new CardinalError(`expected a model, ${MODELS.join(' or ')}. Received: ${entry.className}`);
  }
  return { ...modelOf(entry, options) };
}

function modelOf(entry: LayerEntry, options: TfjsConfigOptions): TfjsLayer {
  const { className } = entry;
  if (className === 'Sequential') return { className, config: sequential(entry.config, options) };
  return { className: 'Model', config: functional(entry.config, options) };
}

/** The layers of `config` only, in place of a whole model: what a hook in tfjs's own loading is given. */
export function sequential(config: JsonObject, options: TfjsConfigOptions): JsonObject {
  const layers = entriesOf(config).flatMap((entry) => layersOf(entry, undefined, options));
  return { name: config.name, layers: layers as unknown as Json };
}

/** Whether {@link sequential} or {@link functional} would make another model of `config` than tfjs does by itself. */
export function isKerasConfig(config: JsonObject): boolean {
  return entriesOf(config).some((entry) => {
    if (MODELS.includes(entry.className)) return isKerasConfig(entry.config);
    const { inboundNodes: nodes } = entry;
    return isAdapted(entry) || (Array.isArray(nodes) && nodes.some(isObject));
  });
}

/** As {@link sequential}, of a graph of layers. */
export function functional(config: JsonObject, options: TfjsConfigOptions): JsonObject {
  const entries = entriesOf(config);
  const resolve = nameResolver(entries.map(nameOf), options.isCamelCased === true);
  // Where a layer became two, what follows reads the second.
  const replaced = new Map<string, string>();
  // tfjs counts as the first call of a model its own making, and so did Keras 2.
  const models = entries.filter((entry) => isKeras3(entry) && MODELS.includes(entry.className)).map(nameOf);
  const redirect = ([layer, call, tensor]: Reference): Reference => [
    replaced.get(layer) ?? layer,
    models.includes(layer) ? call + 1 : call,
    tensor,
  ];
  const pending: { layer: TfjsLayer; name: string; calls: readonly LayerCall[] }[] = [];
  for (const entry of entries) {
    const name = nameOf(entry);
    const calls = layerCalls(entry.inboundNodes, resolve);
    const [first, ...others] = layersOf(entry, calls[0]?.shapes[0], options);
    pending.push({ layer: first, name, calls });
    let last = name;
    for (const layer of others) {
      const input = last;
      last = String(layer.config.name);
      const each = calls.map((_, i): LayerCall => ({ inputs: [[input, i, 0]], shapes: [], options: {} }));
      pending.push({ layer, name: last, calls: each });
    }
    if (others.length > 0) replaced.set(name, last);
  }
  const layers = pending.map(({ layer, name, calls }) => {
    const redirected = calls.map((call) => ({
      ...call,
      // The second of two does read the first.
      inputs: call.inputs.map((input) => (replaced.get(input[0]) === name ? input : redirect(input))),
    }));
    return { ...layer, name, inboundNodes: inboundNodes(redirected) };
  });
  return {
    name: config.name,
    layers: layers as unknown as Json,
    inputLayers: references(config.inputLayers),
    outputLayers: references(config.outputLayers).map(redirect),
  };
}

function layersOf(
  entry: LayerEntry,
  shape: readonly (number | null)[] | undefined,
  options: TfjsConfigOptions,
): TfjsLayer[] {
  if (MODELS.includes(entry.className)) return [modelOf(entry, options)];
  if (options.passOthers === true && !isAdapted(entry)) {
    return [{ className: entry.className, config: entry.config }];
  }
  return tfjsLayers(entry, inputChannels(entry, shape));
}

/** Whether tfjs by itself would build something else: all of Keras 3, and groups. */
function isAdapted(entry: LayerEntry): boolean {
  const { className, config } = entry;
  if (!KERAS_LAYERS.includes(className)) return false;
  const hasGroups = className === 'Conv2D' && typeof config.groups === 'number' && config.groups > 1;
  return isKeras3(entry) || hasGroups || config.batchShape !== undefined;
}

function entriesOf({ layers }: JsonObject): LayerEntry[] {
  if (!Array.isArray(layers)) throw new CardinalError('a model has no list of layers');
  return layers.map(layerEntry);
}

function nameOf(entry: LayerEntry): string {
  const name = entry.name ?? entry.config.name;
  if (typeof name !== 'string') throw new CardinalError(`a layer (${entry.className}) has no name`);
  return name;
}

/** The model in the `modelTopology` of a tfjs `model.json`, which may be wrapped. */
export function modelConfigOf(topology: Json): Json {
  const wrapped = isObject(topology) ? (topology.model_config ?? topology.modelConfig) : undefined;
  return wrapped ?? topology;
}

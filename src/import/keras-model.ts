import { CardinalError } from '../errors';
import { callOrder, type Reference } from '../layers/call-order';
// For their registration: what a config becomes may name them.
import '../layers/channel-slice';
import '../layers/grouped-conv2d';
import '../layers/keras-activations';
import {
  inboundNodes,
  layerCalls,
  nameResolver,
  references,
  type Argument,
  type LayerCall,
} from './keras-graph';
import {
  camelKeys,
  excerpt,
  isKeras3,
  isObject,
  layerEntry,
  type Json,
  type JsonObject,
  type LayerEntry,
} from './keras-json';
import { inputChannels, KERAS_LAYERS, tfjsLayers, type TfjsLayer } from './keras-layers';
import { freeName, layerNames } from './keras-names';
import { isOperation, operationLayers } from './keras-operations';

const MODELS = ['Functional', 'Model', 'Sequential'];
/** Layers that do in training what they do not in prediction. */
const ACTS_IN_TRAINING = ['BatchNormalization', 'Dropout'];

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

function modelOf(entry: LayerEntry, options: TfjsConfigOptions): Pick<TfjsLayer, 'className' | 'config'> {
  const { className } = entry;
  if (className === 'Sequential') return { className, config: sequential(entry.config, options) };
  return { className: 'Model', config: functional(entry.config, options) };
}

/** The layers of `config` only, in place of a whole model: what a hook in tfjs's own loading is given. */
export function sequential(config: JsonObject, options: TfjsConfigOptions): JsonObject {
  const entries = entriesOf(config);
  const names = namesOf(entries, options);
  const layers = entries.flatMap((entry) =>
    labelled(entry, () => layersOf(entry, names.get(nameOf(entry)) as string, [], options)),
  );
  return { name: config.name, layers: layers as unknown as Json };
}

/** Whether {@link sequential} or {@link functional} would make another model of `config` than tfjs does by itself. */
export function isKerasConfig(config: JsonObject): boolean {
  return entriesOf(config).some((entry) => {
    if (isModel(entry)) return isKerasConfig(entry.config);
    const { inboundNodes: nodes } = entry;
    return isAdapted(entry) || (Array.isArray(nodes) && nodes.some(isObject));
  });
}

/** As {@link sequential}, of a graph of layers. */
export function functional(config: JsonObject, options: TfjsConfigOptions): JsonObject {
  const graph = graphOf(config, options);
  const order = callOrder(
    graph.layers.map(({ name, isInput, calls }) => ({
      name,
      isInput,
      calls: calls.map(({ inputs }) => inputs),
    })),
  );
  // tfjs counts as the first call of a model its own making.
  const written = ([name, call, tensor]: Reference): Reference => [
    name,
    (order.get(name)?.indexOf(call) ?? 0) + (graph.models.has(name) ? 1 : 0),
    tensor,
  ];
  const layers = graph.layers.map(({ layer: { className, config: own }, name, calls, isInput }) => {
    const inOrder = isInput ? [] : (order.get(name) ?? []).map((call) => calls[call]);
    const nodes = inOrder.map((call) => ({ ...call, inputs: call.inputs.map(written) }));
    return { className, config: own, name, inboundNodes: inboundNodes(nodes) };
  });
  return {
    name: config.name,
    layers: layers as unknown as Json,
    inputLayers: graph.inputs.map(written),
    outputLayers: graph.outputs.map(written),
  };
}

interface GraphLayer {
  readonly layer: TfjsLayer;
  readonly name: string;
  readonly isInput: boolean;
  readonly calls: readonly Pick<LayerCall, 'inputs' | 'options'>[];
}

/** The layers that tfjs is to build, what they read, and the calls counted from 0. */
interface LayerGraph {
  readonly layers: readonly GraphLayer[];
  readonly inputs: readonly Reference[];
  readonly outputs: readonly Reference[];
  /** The names of layers that are models. */
  readonly models: ReadonlySet<string>;
}

function graphOf(config: JsonObject, options: TfjsConfigOptions): LayerGraph {
  const entries = entriesOf(config);
  const names = namesOf(entries, options);
  const taken = new Set(names.values());
  const resolve = nameResolver(entries.map(nameOf), options.isCamelCased === true);
  const called = entries.map((entry) => ({
    entry,
    calls: labelled(entry, () => layerCalls(entry.inboundNodes, resolve, inputNamesOf(entry))),
  }));
  // Of these alone tfjs leaves most names as they are.
  const ends = (json: Json | undefined): Reference[] =>
    references(json).map(([name, ...rest]): Reference => [names.has(name) ? name : resolve(name), ...rest]);
  const outputs = ends(config.outputLayers);
  const counted = callCounter(called, outputs);
  const models = new Set<string>();
  // Where a layer became several, what follows reads the last.
  const lasts = new Map<string, string>();
  const made = called.map(({ entry, calls }) =>
    labelled(entry, () => {
      const name = names.get(nameOf(entry)) as string;
      if (isModel(entry)) models.add(name);
      const steps = withFreeNames(layersOf(entry, name, calls, options), name, taken);
      lasts.set(name, String(steps.at(-1)?.config.name));
      return { entry, calls, steps };
    }),
  );
  const redirect = (reference: Reference, isOutput: boolean): Reference => {
    const [keras, call, tensor] = counted(reference, isOutput);
    if (isOutput) checkCall([keras, call, tensor], called);
    checkTensor([keras, call, tensor], called);
    const name = names.get(keras) as string;
    return [lasts.get(name) as string, call, tensor];
  };
  const layers = made.flatMap(({ entry, calls, steps }) =>
    steps.map((layer, step): GraphLayer => {
      const { reads = step === 0 ? undefined : [String(steps[step - 1].config.name)] } = layer;
      return {
        layer,
        name: String(layer.config.name),
        isInput: entry.className === 'InputLayer',
        calls: calls.map(({ inputs, options: own }, call) => {
          const given = labelled(entry, () => inputs.map((input) => redirect(input, false)));
          const read = (at: number | string): Reference =>
            typeof at === 'string' ? [at, call, 0] : given[at];
          return { inputs: reads === undefined ? given : reads.map(read), options: step === 0 ? own : {} };
        }),
      };
    }),
  );
  return {
    layers,
    inputs: ends(config.inputLayers).map((input) => redirect(input, false)),
    outputs: outputs.map((output) => redirect(output, true)),
    models,
  };
}

type Called = readonly { readonly entry: LayerEntry; readonly calls: readonly LayerCall[] }[];

function calledLayer(name: string, called: Called): Called[number] {
  return called.find(({ entry }) => nameOf(entry) === name) as Called[number];
}

function checkCall([name, call]: Reference, called: Called): void {
  const { entry, calls } = calledLayer(name, called);
  const count = entry.className === 'InputLayer' ? 1 : calls.length;
  if (call < count) return;
  throw new CardinalError(`the model puts out call ${call} of ${name}, which has ${count}`);
}

/** Of layers that are not Keras's nothing is known here. */
function checkTensor([name, , tensor]: Reference, called: Called): void {
  const { entry } = calledLayer(name, called);
  const isGraph = isModel(entry) && entry.config.outputLayers !== undefined;
  if (!isGraph && !KERAS_LAYERS.includes(entry.className)) return;
  const count = isGraph ? references(entry.config.outputLayers).length : 1;
  if (tensor < count) return;
  throw new CardinalError(`output ${tensor} of ${name} is read, which has ${count}`);
}

/**
 * Makes references count the calls of a model from 0. Keras 2 counts its making as the first call of most models, as tfjs
 * does; Keras 3 does so for graphs of layers where they are outputs, and there alone.
 */
function callCounter(
  called: Called,
  outputs: readonly Reference[],
): (reference: Reference, isOutput: boolean) => Reference {
  const entries = new Map(called.map(({ entry }) => [nameOf(entry), entry]));
  const fromZero = new Set<string>();
  const note = ([name, call]: Reference): unknown => call === 0 && fromZero.add(name);
  for (const { entry, calls } of called)
    if (!isKeras3(entry)) calls.forEach(({ inputs }) => inputs.forEach(note));
  outputs.forEach(note);
  return ([name, call, tensor], isOutput) => {
    const entry = entries.get(name) as LayerEntry;
    const countsMaking = isKeras3(entry) ? isOutput && entry.className !== 'Sequential' : true;
    return [name, isModel(entry) && countsMaking && !fromZero.has(name) ? call - 1 : call, tensor];
  };
}

/** Layers that came with another are called what nothing else is. */
function withFreeNames(steps: readonly TfjsLayer[], name: string, taken: Set<string>): TfjsLayer[] {
  const renamed = new Map<Json, string>();
  for (const { config } of steps) {
    const free = config.name === name ? name : freeName(String(config.name), taken);
    taken.add(free);
    renamed.set(config.name, free);
  }
  return steps.map(({ className, config, reads }) => ({
    className,
    config: { ...config, name: renamed.get(config.name) as string },
    ...(reads !== undefined && { reads: reads.map((read) => renamed.get(read) ?? read) }),
  }));
}

/** The names of a model's inputs where it takes a list of them, which may be called by them. */
function inputNamesOf(entry: LayerEntry): string[] | undefined {
  const inputs = isModel(entry) ? entry.config.inputLayers : undefined;
  return inputs === undefined || isObject(inputs) ? undefined : references(inputs).map(([name]) => name);
}

/** By the names that Keras gave, those that tfjs builds the layers under. */
export function namesOf(
  entries: readonly LayerEntry[],
  { isCamelCased = false }: TfjsConfigOptions = {},
): ReadonlyMap<string, string> {
  const names = entries.map(nameOf);
  // tfjs then loads the weights by the names that it knows.
  return isCamelCased ? new Map(names.map((name) => [name, name])) : layerNames(names);
}

function layersOf(
  entry: LayerEntry,
  name: string,
  calls: readonly LayerCall[],
  options: TfjsConfigOptions,
): readonly TfjsLayer[] {
  const named: LayerEntry = { ...entry, config: { ...entry.config, name } };
  const isTraining = calls.some((call) => call.options.training === true);
  if (isTraining && (isModel(entry) || ACTS_IN_TRAINING.includes(entry.className))) {
    throw new CardinalError('a call has training=True, which tfjs cannot keep in prediction');
  }
  if (isModel(entry)) return [modelOf(named, options)];
  if (isOperation(entry)) {
    if (calls.length !== 1) throw new CardinalError(`expected one call. Received: ${calls.length}`);
    return operationLayers(named, calls[0]);
  }
  if (options.passOthers === true && !isAdapted(entry)) {
    return [{ className: entry.className, config: entry.config }];
  }
  const [constant] = calls.flatMap((call) => call.arguments.flatMap(constantsOf));
  if (constant !== undefined) {
    throw new CardinalError(`a call has an argument that is no tensor: ${excerpt(constant)}`);
  }
  return tfjsLayers(named, inputChannels(entry, calls[0]?.shapes[0]));
}

function constantsOf(argument: Argument): Json[] {
  if ('list' in argument) return argument.list.flatMap(constantsOf);
  return 'constant' in argument ? [argument.constant] : [];
}

/** What `make` makes; its errors name the layer, and models within models from the outermost on. */
function labelled<T>(entry: LayerEntry, make: () => T): T {
  try {
    return make();
  } catch (error) {
    const label = `layer ${nameOf(entry)} (${entry.className})`;
    const { message } = error as Error;
    // What is no error of ours comes of a config that is not of the form that Keras writes.
    const why = error instanceof CardinalError ? message : `its config is malformed: ${message}`;
    throw new CardinalError(`${label}: ${why}`, { cause: error });
  }
}

function isModel({ className }: LayerEntry): boolean {
  return MODELS.includes(className);
}

/** Whether tfjs by itself would build something else: all of Keras 3, and groups. */
function isAdapted(entry: LayerEntry): boolean {
  const { className, config } = entry;
  if (!KERAS_LAYERS.includes(className)) return false;
  const hasGroups = className === 'Conv2D' && typeof config.groups === 'number' && config.groups > 1;
  return isKeras3(entry) || hasGroups || config.batchShape !== undefined;
}

/** The layers of a model's config. */
export function entriesOf({ layers }: JsonObject): LayerEntry[] {
  if (!Array.isArray(layers)) throw new CardinalError('a model has no list of layers');
  return layers.map(layerEntry);
}

/** What Keras calls a layer. */
export function nameOf(entry: LayerEntry): string {
  const name = entry.name ?? entry.config.name;
  if (typeof name !== 'string' || name === '')
    throw new CardinalError(`a layer (${entry.className}) has no name`);
  return name;
}

/** The model in the `modelTopology` of a tfjs `model.json`, which may be wrapped. */
export function modelConfigOf(topology: Json): Json {
  const wrapped = isObject(topology) ? (topology.model_config ?? topology.modelConfig) : undefined;
  return wrapped ?? topology;
}

import * as tf from '@tensorflow/tfjs';
import { checkOptions, type OptionNames } from '../check-options';
import { CardinalError, check } from '../errors';
import { kindOf } from '../kind-of';
import { registerGroupedOperations, renamed } from './graph-model-convolution';
// A bundler for browsers takes graph-model-source.ts in its place, as the "browser" field of package.json says.
import { graphModelHandler } from './graph-model-source-node';

/** A node of a GraphModel's topology, as far as it matters here. */
interface TopologyNode {
  readonly name: string;
  readonly op: string;
}

interface Topology {
  readonly node: readonly TopologyNode[];
  readonly library?: { readonly function?: readonly { readonly nodeDef?: readonly TopologyNode[] }[] };
}

const OPTIONS: OptionNames<tf.io.LoadOptions> = {
  requestInit: true,
  onProgress: true,
  fetchFunc: true,
  strict: true,
  weightPathPrefix: true,
  fromTFHub: true,
  weightUrlConverter: true,
  streamWeights: true,
};

/**
 * Loads a tfjs GraphModel whose convolutions may have groups: a `Conv2D` or `_FusedConv2D` node with a filter of
 * `[height, width, in / groups, out]`, as TensorFlow's grouped convolutions have it once converted. `tf.loadGraphModel` loads
 * such a file too, and throws when it predicts. All else is as there, and saving the model gives the file's own graph.
 *
 * @param source an address that tfjs can load from, or an `IOHandler`; in Node also the path of a `model.json`, or of the
 *   folder that has one, which is read on any backend, as `file://` addresses are
 * @param options of `tf.loadGraphModel`
 * @throws CardinalError for what is not a GraphModel, and for a file that is missing or damaged; the source's own error where
 *   it cannot be fetched
 *
 * @example
 * const model = await loadGraphModel('https://example.org/regnet/model.json');
 * const logits = model.predict(images);
 */
export async function loadGraphModel(
  source: string | URL | tf.io.IOHandler,
  options: tf.io.LoadOptions = {},
): Promise<tf.GraphModel> {
  checkOptions('loadGraphModel', options, OPTIONS);
  const handler = handlerOf(source, options);
  const artifacts = { ...(await (handler.load as NonNullable<typeof handler.load>)()) };
  const topology = artifacts.modelTopology as unknown;
  if (!isTopology(topology)) throw new CardinalError(notTopology(topology));
  registerGroupedOperations();
  artifacts.modelTopology = withGroups(topology);
  try {
    return await tf.loadGraphModel({ load: () => Promise.resolve(artifacts) });
  } finally {
    // The model keeps this object to save it.
    artifacts.modelTopology = topology;
  }
}

function handlerOf(source: string | URL | tf.io.IOHandler, options: tf.io.LoadOptions): tf.io.IOHandler {
  // A URL is an object of its address.
  const address = source instanceof URL ? source.href : source;
  if (typeof address === 'string' && address !== '') {
    return graphModelHandler(options.fromTFHub === true ? hubFile(address) : address, options);
  }
  const isHandler = kindOf(source) === undefined && typeof (source as tf.io.IOHandler)?.load === 'function';
  check(isHandler, 'source', 'an address or an IOHandler with load', source);
  return source as tf.io.IOHandler;
}

/** Where a hub has the file of a model, as `tf.loadGraphModel` asks for it. */
function hubFile(address: string): string {
  return `${address.replace(/\/?$/, '/')}model.json?tfjs-format=file`;
}

function notTopology(topology: unknown): string {
  const isLayers =
    typeof topology === 'object' &&
    topology !== null &&
    ('model_config' in topology || 'class_name' in topology);
  const what = isLayers
    ? 'it is a LayersModel, which loadLayersModel loads'
    : 'its topology has no list of nodes';
  return `not a GraphModel of tfjs: ${what}`;
}

function isTopology(topology: unknown): topology is Topology {
  const { node } = (topology ?? {}) as Partial<Topology>;
  return Array.isArray(node) && node.every((each) => typeof each?.op === 'string');
}

/** Functions that the graph calls have nodes too. */
function withGroups(topology: Topology): object {
  const rename = (nodes: readonly TopologyNode[]) => nodes.map((node) => ({ ...node, op: renamed(node.op) }));
  const functions = topology.library?.function?.map((each) => ({
    ...each,
    ...(each.nodeDef === undefined ? {} : { nodeDef: rename(each.nodeDef) }),
  }));
  return {
    ...topology,
    node: rename(topology.node),
    ...(functions === undefined ? {} : { library: { ...topology.library, function: functions } }),
  };
}

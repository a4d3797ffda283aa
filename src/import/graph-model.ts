import * as tf from '@tensorflow/tfjs';
import { CardinalError, check } from '../errors';
import { registerGroupedOperations, renamed } from './graph-model-convolution';

/** A node of a GraphModel's topology, as far as it matters here. */
interface TopologyNode {
  readonly name: string;
  readonly op: string;
}

interface Topology {
  readonly node: readonly TopologyNode[];
  readonly library?: { readonly function?: readonly { readonly nodeDef?: readonly TopologyNode[] }[] };
}

/**
 * Loads a tfjs GraphModel whose convolutions may have groups: a `Conv2D` or `_FusedConv2D` node with a filter of
 * `[height, width, in / groups, out]`, as TensorFlow's grouped convolutions have it once converted. `tf.loadGraphModel` loads
 * such a file too, and throws when it predicts. All else is as there, and saving the model gives the file's own graph.
 *
 * @param source an address that tfjs can load from, or an `IOHandler`
 * @param options of `tf.loadGraphModel`
 * @throws CardinalError for what is not a GraphModel; the source's own error where it cannot be read
 *
 * @example
 * const model = await loadGraphModel('https://example.org/regnet/model.json');
 * const logits = model.predict(images);
 */
export async function loadGraphModel(
  source: string | tf.io.IOHandler,
  options: tf.io.LoadOptions = {},
): Promise<tf.GraphModel> {
  const handler = typeof source === 'string' ? handlerOf(source, options) : source;
  check(typeof handler?.load === 'function', 'source', 'an address or an IOHandler with load', source);
  const artifacts = { ...(await handler.load()) };
  const topology = artifacts.modelTopology as unknown;
  if (!isTopology(topology))
    throw new CardinalError('not a GraphModel of tfjs: its topology has no list of nodes');
  registerGroupedOperations();
  artifacts.modelTopology = withGroups(topology);
  try {
    return await tf.loadGraphModel({ load: () => Promise.resolve(artifacts) });
  } finally {
    // The model keeps this object to save it.
    artifacts.modelTopology = topology;
  }
}

function handlerOf(address: string, options: tf.io.LoadOptions): tf.io.IOHandler {
  const [found] = tf.io.getLoadHandlers(address, options);
  return found ?? tf.io.browserHTTPRequest(address, options);
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

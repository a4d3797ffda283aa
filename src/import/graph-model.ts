import * as tf from '@tensorflow/tfjs';
import { checkOptions, type OptionNames } from '../check-options';
import { CardinalError, check } from '../errors';
import { buildGraphModel } from '../formats/build-graph-model';
import type { GraphNode, GraphTopology } from '../formats/graph-topology';
import { kindOf } from '../kind-of';
import { registerGroupedOperations, renamed } from './graph-model-convolution';
// A bundler for browsers takes graph-model-source.ts in its place, as the "browser" field of package.json says.
import { graphModelHandler } from './graph-model-source-node';

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
 * @throws CardinalError for what is not a GraphModel, and for a file that is missing, damaged or elsewhere than in the model's
 *   folder; naming the node, for a graph that is not whole or has an operation that tfjs does not know; the source's own error
 *   where it cannot be fetched
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
  const artifacts = await (handler.load as NonNullable<typeof handler.load>)();
  const topology: unknown = artifacts?.modelTopology;
  if (!hasNodes(topology)) throw new CardinalError(notTopology(topology));
  registerGroupedOperations();
  try {
    const model = buildGraphModel(await withWeights(artifacts), withGroups);
    // What it is saved from: the file's own graph.
    (model as unknown as { artifacts: tf.io.ModelArtifacts }).artifacts.modelTopology =
      artifacts.modelTopology;
    return model;
  } catch (error) {
    const address =
      typeof source === 'string' ? source : source instanceof URL ? source.href : 'the GraphModel';
    throw new CardinalError(`${address} could not be loaded: ${(error as Error).message}`, { cause: error });
  }
}

/** The weights of a handler that streams them. */
async function withWeights(artifacts: tf.io.ModelArtifacts): Promise<tf.io.ModelArtifacts> {
  const { getWeightStream, ...others } = artifacts;
  if (getWeightStream == null) return artifacts;
  return { ...others, weightData: await new Response(getWeightStream()).arrayBuffer() };
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

/** Whether it is a graph at all; what is wrong with one is told by node. */
function hasNodes(topology: unknown): boolean {
  const { node } = (topology ?? {}) as { node?: unknown };
  return (
    Array.isArray(node) && node.some((each) => typeof (each as Partial<GraphNode> | null)?.op === 'string')
  );
}

/** Functions that the graph calls have nodes too. */
function withGroups(topology: GraphTopology): object {
  const rename = (nodes: readonly GraphNode[]) => nodes.map((node) => ({ ...node, op: renamed(node.op) }));
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

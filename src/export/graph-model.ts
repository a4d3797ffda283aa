import type * as tf from '@tensorflow/tfjs';
import { checkGraph } from '../check-kinds';
import { checkOptions, type OptionNames } from '../check-options';
import type { Graph, Shape } from '../graph/graph';
import type { QuantisedDtype } from './quantise';
import { joined, storeWeights, type StoredWeights } from './quantise-manifest';
import { toTensorflowGraph } from './tensorflow-graph';
import {
  elementTypeOf,
  GRAPH_PRODUCER,
  type ConstantValue,
  type Endpoint,
  type NodeAttribute,
  type TensorflowGraph,
  type TensorflowNode,
} from './tensorflow-nodes';

/** The file of a GraphModel that `tf.loadGraphModel` is given. */
export const GRAPH_MODEL_FILE = 'model.json';

// As tfjs's converter cuts them, so that a browser can cache each.
const SHARD_BYTES = 4 * 1024 * 1024;

export interface GraphModelOptions {
  /** Store kernels and filters in fewer bytes; biases stay float32. */
  readonly quantize?: QuantisedDtype;
}

const OPTIONS: OptionNames<GraphModelOptions> = { quantize: true };

/**
 * A graph as a tfjs GraphModel, by the paths in its folder: `model.json` and the weights, which stock `tf.loadGraphModel`
 * loads without this package. Grouped convolutions are one convolution a group between a split and a concatenation;
 * those of one group a channel are depthwise. Bias, relu and relu6 are part of the convolution before them. The same graph
 * gives the same bytes.
 * {@link verifyGraph} compares the graph with the model that it is of.
 *
 * @throws CardinalError naming the weight that the type of `quantize` cannot hold
 *
 * @example
 * const files = toGraphModel(foldBatchNorm(lowerModel(model)), { quantize: 'float16' });
 * const json = JSON.parse(new TextDecoder().decode(files.get('model.json')));
 */
export function toGraphModel(graph: Graph, options: GraphModelOptions = {}): ReadonlyMap<string, Uint8Array> {
  checkGraph('toGraphModel', graph);
  checkOptions('toGraphModel', options, OPTIONS);
  const { quantize } = options;
  const tensorflow = toTensorflowGraph(graph, { groups: 'split', fused: true });
  const { entries, bytes } = weightsOf(tensorflow, quantize);
  const shards = Math.max(1, Math.ceil(bytes.length / SHARD_BYTES));
  const paths = Array.from({ length: shards }, (_, i) => `group1-shard${i + 1}of${shards}.bin`);
  const model = {
    format: 'graph-model',
    generatedBy: 'tfjs-cardinal',
    convertedBy: null,
    signature: signatureOf(tensorflow),
    modelTopology: {
      node: tensorflow.nodes.map(nodeJson),
      library: {},
      versions: { producer: GRAPH_PRODUCER },
    },
    weightsManifest: [{ paths, weights: entries }],
  };
  const text = new TextEncoder().encode(JSON.stringify(model));
  return new Map([
    [GRAPH_MODEL_FILE, text],
    ...paths.map((path, i): [string, Uint8Array] => [
      path,
      bytes.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES),
    ]),
  ]);
}

/** Every constant in the order of the nodes, as the manifest must tell them. */
function weightsOf({ nodes }: TensorflowGraph, dtype: QuantisedDtype | undefined): StoredWeights {
  const parts = nodes.flatMap(({ name, value }) => (value === undefined ? [] : [stored(name, value, dtype)]));
  return { entries: parts.flatMap(({ entries }) => entries), bytes: joined(parts) };
}

function stored(name: string, value: ConstantValue, dtype: QuantisedDtype | undefined): StoredWeights {
  const { shape, data, isKernel } = value;
  if (data instanceof Float32Array)
    return storeWeights([{ name, shape, data }], isKernel ? dtype : undefined);
  const bytes = new Uint8Array(4 * data.length);
  const view = new DataView(bytes.buffer);
  data.forEach((number, position) => view.setInt32(4 * position, number, true));
  const entry: tf.io.WeightsManifestEntry = { name, shape: [...shape], dtype: 'int32' };
  return { entries: [entry], bytes };
}

function signatureOf({ inputs, outputs }: TensorflowGraph) {
  const entries = (endpoints: readonly Endpoint[]) =>
    Object.fromEntries(
      endpoints.map(({ key, node, shape }) => [
        key,
        { name: `${node}:0`, dtype: 'DT_FLOAT', tensorShape: shapeJson(shape) },
      ]),
    );
  return { inputs: entries(inputs), outputs: entries(outputs) };
}

// Protobuf's own JSON: 64-bit numbers and enumerations as text, bytes in base 64.
function nodeJson({ name, op, inputs, attributes, value }: TensorflowNode) {
  const attr: Record<string, object> = Object.fromEntries(
    Object.entries(attributes).map(([key, attribute]) => [key, attributeJson(attribute)]),
  );
  if (value !== undefined) {
    // What it holds is in the weight files.
    attr.value = { tensor: { dtype: elementTypeOf(value), tensorShape: shapeJson(value.shape) } };
  }
  return { name, op, input: inputs, attr };
}

function attributeJson(attribute: NodeAttribute): object {
  if ('type' in attribute) return attribute;
  if ('shape' in attribute) return { shape: shapeJson(attribute.shape) };
  if ('int' in attribute) return { i: String(attribute.int) };
  if ('ints' in attribute) return { list: { i: attribute.ints.map(String) } };
  if ('float' in attribute) return { f: attribute.float };
  if ('bool' in attribute) return { b: attribute.bool };
  if ('string' in attribute) return { s: btoa(attribute.string) };
  return { list: { s: attribute.strings.map((text) => btoa(text)) } };
}

function shapeJson(shape: Shape | readonly number[]) {
  return { dim: shape.map((length) => ({ size: String(length ?? -1) })) };
}

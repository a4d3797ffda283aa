import { checkGraph } from '../check-kinds';
import {
  newNode,
  savedModelMessage,
  shapeOf,
  shapeValue,
  tensorValue,
  typeValue,
} from '../backends/tensorflow/compile/messages';
import {
  protobufs,
  type AttrValue,
  type NodeDef,
  type SignatureDef,
  type TensorInfo,
} from '../backends/tensorflow/compile/protobufs';
import type { Graph, Shape } from '../graph/graph';
import { toTensorflowGraph } from './tensorflow-graph';
import {
  elementTypeOf,
  GRAPH_PRODUCER,
  type ConstantValue,
  type ElementType,
  type Endpoint,
  type NodeAttribute,
  type TensorflowGraph,
  type TensorflowNode,
} from './tensorflow-nodes';
import type { TensorflowDialect } from './tensorflow-scope';

/** The signature that `tf.saved_model.load(…).signatures` has the model under. */
export const SIGNATURE = 'serving_default';

/** The file in the folder that has graph and weights. */
export const SAVED_MODEL_FILE = 'saved_model.pb';

/** Numbers of TensorFlow's types. */
const TYPES: Readonly<Record<ElementType, number>> = { DT_FLOAT: 1, DT_INT32: 3 };

// Of TensorFlow 2.8, as the producer is.
const MIN_CONSUMER = 12;
const VERSION = '2.8.0';

/**
 * A graph as a TensorFlow SavedModel, by the paths in its folder: one file, with the weights in it as constants, which
 * TensorFlow fuses and folds as it likes. Groups are those of `Conv2D` itself, which TensorFlow runs on CPUs with oneDNN, on
 * GPUs and through XLA. Needs tfjs-node's package, not its native library.
 *
 * The signature `serving_default` takes and gives what the graph does, under its names, with `_` for what is no letter, digit
 * or underscore; any batch.
 * {@link verifyGraph} compares the graph with the model that it is of.
 *
 * @example
 * const files = toSavedModel(foldBatchNorm(lowerModel(model)));
 * files.get('saved_model.pb'); // tf.saved_model.load(folder).signatures['serving_default'](input_1=images)
 */
export function toSavedModel(graph: Graph): ReadonlyMap<string, Uint8Array> {
  checkGraph('toSavedModel', graph);
  const tensorflow = toTensorflowGraph(graph, TENSORFLOW_DIALECT);
  return new Map([[SAVED_MODEL_FILE, savedModelBytes(tensorflow)]]);
}

/** One node a convolution, whatever its groups, and fusing left to TensorFlow. */
export const TENSORFLOW_DIALECT: TensorflowDialect = { groups: 'native', fused: false };

/** The message of a SavedModel without variables. */
export function savedModelBytes({ nodes, inputs, outputs }: TensorflowGraph): Uint8Array {
  const pb = protobufs();
  const versions = new pb.VersionDef();
  versions.setProducer(GRAPH_PRODUCER);
  versions.setMinConsumer(MIN_CONSUMER);
  const graph = new pb.GraphDef();
  graph.setVersions(versions);
  for (const node of nodes) graph.addNode(nodeMessage(node));
  const signatures = new Map([[SIGNATURE, signatureMessage(inputs, outputs)]]);
  return savedModelMessage({ graph, version: VERSION, signatures });
}

function signatureMessage(inputs: readonly Endpoint[], outputs: readonly Endpoint[]): SignatureDef {
  const signature = new (protobufs().SignatureDef)();
  signature.setMethodName('tensorflow/serving/predict');
  for (const input of inputs) signature.getInputsMap().set(input.key, endpointMessage(input));
  for (const output of outputs) signature.getOutputsMap().set(output.key, endpointMessage(output));
  return signature;
}

function endpointMessage({ node, shape }: Endpoint): TensorInfo {
  const info = new (protobufs().TensorInfo)();
  info.setName(`${node}:0`);
  info.setDtype(TYPES.DT_FLOAT);
  info.setTensorShape(shapeOf(lengthsOf(shape)));
  return info;
}

function nodeMessage({ name, op, inputs, attributes, value }: TensorflowNode): NodeDef {
  const node = newNode(name, op);
  node.setInputList([...inputs]);
  for (const [attribute, given] of Object.entries(attributes)) {
    node.getAttrMap().set(attribute, attributeMessage(given));
  }
  if (value !== undefined) node.getAttrMap().set('value', constantMessage(value));
  return node;
}

function attributeMessage(attribute: NodeAttribute): AttrValue {
  const pb = protobufs();
  const message = new pb.AttrValue();
  if ('type' in attribute) return typeValue(TYPES[attribute.type]);
  if ('shape' in attribute) return shapeValue(lengthsOf(attribute.shape));
  if ('int' in attribute) message.setI(attribute.int);
  else if ('float' in attribute) message.setF(attribute.float);
  else if ('bool' in attribute) message.setB(attribute.bool);
  else if ('string' in attribute) message.setS(base64(attribute.string));
  else {
    const list = new pb.AttrValue.ListValue();
    if ('ints' in attribute) list.setIList([...attribute.ints]);
    else list.setSList(attribute.strings.map(base64));
    message.setList(list);
  }
  return message;
}

function constantMessage(value: ConstantValue): AttrValue {
  const { buffer, byteOffset, byteLength } = value.data;
  return tensorValue(
    TYPES[elementTypeOf(value)],
    value.shape,
    new Uint8Array(buffer, byteOffset, byteLength),
  );
}

function lengthsOf(shape: Shape): number[] {
  return shape.map((length) => length ?? -1); // prettier-ignore
}

function base64(text: string): string {
  return btoa(text);
}

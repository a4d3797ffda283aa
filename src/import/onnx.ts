import * as tf from '@tensorflow/tfjs';
import { check, InvalidArgumentError, listed } from '../errors';
import type { OnnxModel } from '../export/onnx-messages';
import type { OnnxNode } from './onnx-attributes';
import { evaluate, EVALUATORS, type Known } from './onnx-constants';
import { CONVOLUTION_OPERATORS } from './onnx-convolutions';
import { ELEMENTWISE_OPERATORS } from './onnx-elementwise';
import { OnnxError } from './onnx-error';
import { parseOnnx, readGraph, type OnnxGraph, type OnnxPort } from './onnx-file';
import { OnnxLayers, type Value } from './onnx-layers';
import { clean } from './onnx-names';
import { joinPatterns } from './onnx-patterns';
import { POOLING_OPERATORS } from './onnx-pooling';
import { PRODUCT_OPERATORS } from './onnx-products';
import { isConstant, NodeScope, valueOf, type Operand, type Operators } from './onnx-scope';
import { SHAPE_OPERATORS } from './onnx-shapes';
import { readTensor, type Constant, type ExternalData } from './onnx-tensors';
import { fileLengths, orderOf, usualOrder } from './onnx-view';

/** The operators that become layers; those of constants alone are in onnx-constants.ts. */
const OPERATORS: Operators = {
  ...CONVOLUTION_OPERATORS,
  ...ELEMENTWISE_OPERATORS,
  ...POOLING_OPERATORS,
  ...PRODUCT_OPERATORS,
  ...SHAPE_OPERATORS,
};

/** What {@link importOnnx} can be told. */
export interface ImportOnnxOptions {
  /**
   * The files in which the model's tensors are where they are not in its own, by the paths that it names: their contents as
   * `Uint8Array`s, or objects of the same `length` and `subarray` that read them when asked.
   */
  readonly externalData?: ExternalData;
  /** Height and width of the images, where the file leaves them open. */
  readonly inputSize?: readonly [height: number, width: number];
}

/**
 * An ONNX model as a `tf.LayersModel` of this package's layers, ready to be trained, saved and exported.
 *
 * Images go in and come out as `[batch, height, width, channels]`, whatever the file has; the batch is free. The layers have the
 * names of the PyTorch modules where the file tells them, so that {@link loadWeights} and `saveTorchWeights` know them, and
 * otherwise those of the nodes. A batch norm that the exporter multiplied into its convolution is gone for good; one that it
 * left is a batch norm again, whose statistics training moves. Nothing in a file is executed.
 *
 * Operator sets 13 to 28; the operators of image classifiers, as PyTorch's two exporters and this package write them.
 * Format: ONNX's `onnx.proto` and its Operators.md.
 *
 * @throws OnnxError for bytes that are no ONNX model; for operators that are not supported, naming all; for tensors of other
 *   lengths than the file says, and shapes that do not fit; for an operator set that is too old or too new
 * @throws InvalidArgumentError for an `inputSize` that is missing or is none
 *
 * @example
 * const bytes = new Uint8Array(await (await fetch('regnet_x_400mf.onnx')).arrayBuffer());
 * const model = importOnnx(bytes);
 * model.predict(tf.zeros([1, 224, 224, 3]));
 */
export function importOnnx(bytes: Uint8Array, options: ImportOnnxOptions = {}): tf.LayersModel {
  return importOnnxModel(parseOnnx(bytes), options);
}

/** As {@link importOnnx}, of a file that was read already. */
export function importOnnxModel(model: OnnxModel, options: ImportOnnxOptions = {}): tf.LayersModel {
  const external = options.externalData ?? new Map<string, never>();
  const graph = readGraph(model, external);
  const layers = new OnnxLayers();
  try {
    const built = build(graph, layers, external, options.inputSize);
    layers.assign();
    return built;
  } catch (error) {
    layers.dispose();
    throw error;
  }
}

function build(
  graph: OnnxGraph,
  layers: OnnxLayers,
  external: ExternalData,
  inputSize: ImportOnnxOptions['inputSize'],
): tf.LayersModel {
  const constants = new Map<string, Constant>();
  const { nodes, readers } = prepare(graph, constants, external);
  const values = new Map<string, Value>();
  const inputs = graph.inputs.map((input) => {
    const value = inputValue(input, graph, layers, inputSize);
    values.set(input.name, value);
    return value.x;
  });
  if (inputs.length === 0) throw new OnnxError('the graph has no input.');
  for (const node of nodes) {
    const operands = node.inputs.map((name): Operand => {
      const operand = constants.get(name) ?? values.get(name);
      if (operand === undefined && name !== '') {
        throw new OnnxError(`${node.op} ${node.name}: it reads ${name}, which nothing before it puts out.`);
      }
      return operand;
    });
    const constant = constantOf(node, operands, external);
    if (constant !== undefined) {
      constants.set(node.outputs[0], constant);
      continue;
    }
    const scope = new NodeScope(node, operands, layers, (output) => readers.has(node.outputs[output]));
    [convert(scope)].flat().forEach((value, output) => {
      if (value !== undefined) values.set(node.outputs[output], value);
    });
  }
  const outputs = graph.outputs.map((name) => {
    const value = values.get(name);
    if (value === undefined) throw new OnnxError(`output ${name} is not computed from the inputs.`);
    // What the file transposed itself, so that its channels are last, stays so, as does what it says has them there.
    const isInOrder = orderOf(value.view)?.every((axis, own) => axis === own) === true;
    const order =
      isInOrder || graph.metadata.get('layout') === 'NHWC'
        ? value.view.file.map((_, axis) => axis)
        : usualOrder(value.view.file.length);
    return layers.arrange(value, order, clean(name)).x;
  });
  return tf.model({ inputs, outputs, name: clean(graph.name) });
}

/** The nodes that matter, with the constants that do not wait for shapes, and what of all is read. */
function prepare(graph: OnnxGraph, constants: Map<string, Constant>, external: ExternalData) {
  for (const name of new Set(graph.nodes.flatMap(({ inputs }) => inputs))) {
    const constant = graph.initializer(name);
    if (constant !== undefined) constants.set(name, constant);
  }
  const counts = new Map<string, number>();
  for (const name of [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs]) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const computed = graph.nodes.filter((node) => {
    const inputs = node.inputs.map((name) => constants.get(name));
    if (inputs.some((input, index) => input === undefined && node.inputs[index] !== '')) return true;
    const constant = constantOf(node, inputs, external);
    if (constant !== undefined) constants.set(node.outputs[0], constant);
    return constant === undefined;
  });
  const joined = joinPatterns(computed, { constants, readers: counts });
  const readers = new Set(graph.outputs);
  const nodes: OnnxNode[] = [];
  for (const node of [...joined].reverse()) {
    if (!node.outputs.some((output) => readers.has(output))) continue;
    node.inputs.forEach((name) => readers.add(name));
    nodes.unshift(node);
  }
  checkSupported(nodes);
  return { nodes, readers };
}

/** What a node puts out where that is known from the file and the shapes. */
function constantOf(
  { op, attributes }: OnnxNode,
  operands: readonly Operand[],
  external: ExternalData,
): Constant | undefined {
  return evaluate(op, {
    inputs: operands.map((operand) => operand && asKnown(operand)),
    attributes,
    readTensor: (tensor) => readTensor(tensor, external),
  });
}

function checkSupported(nodes: readonly OnnxNode[]): void {
  const unknown = nodes.filter(({ op }) => !Object.hasOwn(OPERATORS, op) && !Object.hasOwn(EVALUATORS, op));
  if (unknown.length === 0) return;
  const names = listed(unknown.map(({ op, name }) => `${op} (${name})`));
  throw new OnnxError(`${unknown.length} nodes have operators that are not supported: ${names}.`);
}

function convert(scope: NodeScope): Value | (Value | undefined)[] {
  const { op } = scope.node;
  if (!Object.hasOwn(OPERATORS, op))
    throw scope.fails('of what is computed from the images it is not supported');
  try {
    return OPERATORS[op](scope);
  } catch (error) {
    if (error instanceof OnnxError) throw error;
    throw new OnnxError(`${op} ${scope.node.name}: ${(error as Error).message}`, { cause: error });
  }
}

function asKnown(operand: Value | Constant): Known {
  if (isConstant(operand)) return { constant: operand, dims: operand.dims };
  return { dims: fileLengths(operand.view).map((length) => length ?? NaN) };
}

function inputValue(
  input: OnnxPort,
  { nodes, metadata }: OnnxGraph,
  layers: OnnxLayers,
  inputSize: ImportOnnxOptions['inputSize'],
): Value {
  const { name, lengths } = input;
  if (lengths === undefined || lengths.length < 2)
    throw new OnnxError(`input ${name} has no shape with a batch.`);
  const order = isChannelsLast(input, nodes, metadata) ? [0, 1, 2, 3] : usualOrder(lengths.length);
  const shape = order.slice(1).map((axis) => lengths[axis]);
  if (shape.length === 3) [0, 1].forEach((axis) => (shape[axis] ??= sizeOf(name, inputSize)[axis]));
  if (!shape.every((length) => length !== undefined && Number.isSafeInteger(length) && length >= 1)) {
    throw new OnnxError(
      `input ${name} has the shape [${lengths.map((length) => length ?? '?').join(', ')}].`,
    );
  }
  const x = tf.input({ shape: shape as number[], name: layers.unique(clean(name)) });
  return valueOf(x, order);
}

function sizeOf(name: string, inputSize: ImportOnnxOptions['inputSize']): readonly [number, number] {
  if (inputSize === undefined) {
    throw new InvalidArgumentError(
      `inputSize: expected [height, width], since the file leaves the size of ${name} open. Received: undefined.`,
    );
  }
  const isSize =
    inputSize.length === 2 && inputSize.every((length) => Number.isSafeInteger(length) && length >= 1);
  check(isSize, 'inputSize', '[height, width] in whole numbers', inputSize);
  return inputSize;
}

/** Whether a file says of its images that their channels come last, or, saying nothing, makes them come second first of all. */
function isChannelsLast(
  { name, lengths }: OnnxPort,
  nodes: OnnxGraph['nodes'],
  metadata: OnnxGraph['metadata'],
): boolean {
  if (lengths?.length !== 4) return false;
  const layout = metadata.get('layout');
  if (layout === 'NHWC' || layout === 'NCHW') return layout === 'NHWC';
  const readers = nodes.filter(({ inputs }) => inputs.includes(name));
  return (
    readers.length > 0 &&
    readers.every(
      ({ op, attributes }) => op === 'Transpose' && attributes.numbers('perm')?.join() === '0,3,1,2',
    )
  );
}

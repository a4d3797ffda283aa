import * as tf from '@tensorflow/tfjs';
import { givenBytes } from '../given-bytes';
import { checkOptions, type OptionNames } from '../check-options';
import { check, InvalidArgumentError, listed } from '../errors';
import type { OnnxModel } from '../export/onnx-messages';
import type { OnnxNode } from './onnx-attributes';
import { evaluate, EVALUATORS } from './onnx-constants';
import { ARITHMETIC_OPERATORS } from './onnx-arithmetic';
import { CONVOLUTION_OPERATORS } from './onnx-convolutions';
import { NotFolded, OnnxError } from './onnx-error';
import type { Known } from './onnx-evaluator';
import { parseOnnx, readGraph, type OnnxGraph, type OnnxPort } from './onnx-file';
import { FUNCTION_OPERATORS } from './onnx-functions';
import { OnnxLayers, type Value } from './onnx-layers';
import { isChannelsLast, isChannelsLastAfter } from './onnx-layout';
import { clean } from './onnx-names';
import { joinPatterns } from './onnx-patterns';
import { POOLING_OPERATORS } from './onnx-pooling';
import { POSITION_OPERATORS } from './onnx-positions';
import { PRODUCT_OPERATORS } from './onnx-products';
import { REDUCTION_OPERATORS } from './onnx-reductions';
import { isConstant, NodeScope, valueOf, type Operand, type Operators } from './onnx-scope';
import { SHAPE_OPERATORS } from './onnx-shapes';
import { ELEMENT, readTensor, type Constant, type ExternalData } from './onnx-tensors';
import { fileLengths, orderOf, usualOrder } from './onnx-view';
import { TORCH_NAMES } from './torch-names';

/** The operators that become layers; those of constants alone are in onnx-constants.ts. */
export const OPERATORS: Operators = {
  ...ARITHMETIC_OPERATORS,
  ...CONVOLUTION_OPERATORS,
  ...FUNCTION_OPERATORS,
  ...POOLING_OPERATORS,
  ...POSITION_OPERATORS,
  ...PRODUCT_OPERATORS,
  ...REDUCTION_OPERATORS,
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

/** The names of {@link ImportOnnxOptions}. */
export const IMPORT_OPTIONS: OptionNames<ImportOnnxOptions> = { externalData: true, inputSize: true };

/**
 * An ONNX model as a `tf.LayersModel` of this package's layers, ready to be trained, saved and exported.
 *
 * Images go in and come out as `[batch, height, width, channels]`, whatever the file has; the batch is free. The layers have the
 * names of the PyTorch modules where the file tells them, so that {@link loadWeights} and `saveTorchWeights` know them, and
 * otherwise those of the nodes. A batch norm that the exporter multiplied into its convolution is gone for good; one that it
 * left is a batch norm again, whose statistics training moves. Nothing in a file is executed.
 *
 * Operator sets 13 to 28; the operators of image classifiers, as PyTorch's two exporters and this package write them, whatever
 * axes their constants vary along. Each attribute and input of a node is honoured or refused with the node's name. Numbers of 16
 * bits are computed with 32; what a file does to its batch other than leaving it free is refused.
 * Format: ONNX's `onnx.proto` and its Operators.md.
 *
 * @throws OnnxError for bytes that are no ONNX model; for operators that are not supported, naming all; for tensors of other
 *   lengths than the file says, and shapes that do not fit; for an operator set that is too old or too new
 * @throws InvalidArgumentError for what is no bytes, and for an `inputSize` that is missing or is none
 *
 * @example
 * const bytes = await (await fetch('regnet_x_400mf.onnx')).arrayBuffer();
 * const model = importOnnx(bytes);
 * model.predict(tf.zeros([1, 224, 224, 3]));
 */
export function importOnnx(bytes: Uint8Array | ArrayBuffer, options: ImportOnnxOptions = {}): tf.LayersModel {
  const given = givenBytes(bytes, 'bytes', 'the bytes of an ONNX file (importOnnxFile takes its path)');
  checkOptions('importOnnx', options, IMPORT_OPTIONS);
  return importOnnxModel(parseOnnx(given), options);
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
  const types = new Map<string, number>();
  const channelsLast = new Map<string, boolean | undefined>();
  const inputs = graph.inputs.map((input) => {
    const value = inputValue(input, graph, layers, inputSize);
    values.set(input.name, value);
    types.set(input.name, input.type);
    if (value.view.file.length === 4) channelsLast.set(input.name, isChannelsLast(input, graph));
    return value.x;
  });
  if (inputs.length === 0) throw new OnnxError('the graph has no input.');
  const batch = graph.inputs[0].lengths?.[0];
  for (const node of nodes) {
    const operands = node.inputs.map((name): Operand => {
      const operand = constants.get(name) ?? values.get(name);
      if (operand === undefined && name !== '') {
        throw new OnnxError(`${node.op} ${node.name}: it reads ${name}, which nothing before it puts out.`);
      }
      return operand;
    });
    const typeOf = (name: string) => constants.get(name)?.type ?? types.get(name) ?? ELEMENT.float32;
    const operandTypes = node.inputs.map(typeOf);
    const folded = named(node, () => folding(node, operands, operandTypes, external));
    if (folded !== undefined) {
      folded.forEach((constant, output) => constants.set(node.outputs[output], constant));
      continue;
    }
    const isRead = (output: number) => readers.has(node.outputs[output]);
    const scope = new NodeScope(node, { operands, types: operandTypes, isRead, batch }, layers);
    const read = node.inputs.find((name) => values.has(name)) ?? '';
    named(node, () => convert(scope)).forEach((value, output) => {
      if (value === undefined) return;
      const [name, ranks] = [
        node.outputs[output],
        [values.get(read), value].map((one) => one?.view.file.length ?? 0),
      ];
      channelsLast.set(name, isChannelsLastAfter(node, channelsLast.get(read), ranks[0], ranks[1]));
      types.set(name, scope.outputType);
      values.set(name, value);
    });
  }
  const outputs = graph.outputs.map((name) => {
    const value = values.get(name);
    if (value === undefined) throw new OnnxError(`output ${name} is not computed from the inputs.`);
    // What the file transposed itself, so that its channels are last, stays so, as does what it says has them there.
    const isInOrder = orderOf(value.view)?.every((axis, own) => axis === own) === true;
    const order =
      (channelsLast.get(name) ?? isInOrder) || graph.metadata.get('layout') === 'NHWC'
        ? value.view.file.map((_, axis) => axis)
        : usualOrder(value.view.file.length);
    return layers.arrange(value, order, clean(name)).x;
  });
  const listed = layers.eachOnce(outputs, (index) => clean(graph.outputs[index]), inputs);
  const model = tf.model({ inputs, outputs: listed, name: clean(graph.name) });
  const originals = layers.originalNames();
  if (originals.size > 0) model.setUserDefinedMetadata({ [TORCH_NAMES]: Object.fromEntries(originals) });
  return model;
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
    const folded = foldingIfPossible(node, inputs, external);
    folded?.forEach((constant, output) => constants.set(node.outputs[output], constant));
    return folded === undefined;
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
function folding(
  { op, attributes, outputs }: OnnxNode,
  operands: readonly Operand[],
  types: readonly number[],
  external: ExternalData,
): Constant[] | undefined {
  return evaluate(op, {
    inputs: operands.map((operand, index) => operand && asKnown(operand, types[index])),
    attributes,
    outputCount: outputs.length,
    readTensor: (tensor) => readTensor(tensor, external),
  });
}

/** As {@link folding}; a node that nobody reads need not be possible, and of the others the first is refused later. */
function foldingIfPossible(
  node: OnnxNode,
  operands: readonly (Constant | undefined)[],
  external: ExternalData,
) {
  try {
    return folding(
      node,
      operands,
      operands.map((operand) => operand?.type ?? ELEMENT.float32),
      external,
    );
  } catch (error) {
    if (error instanceof NotFolded) return undefined;
    throw error;
  }
}

function checkSupported(nodes: readonly OnnxNode[]): void {
  const unknown = nodes.filter(({ op }) => !Object.hasOwn(OPERATORS, op) && !Object.hasOwn(EVALUATORS, op));
  if (unknown.length === 0) return;
  const names = listed(unknown.map(({ op, name }) => `${op} (${name})`));
  throw new OnnxError(`${unknown.length} nodes have operators that are not supported: ${names}.`);
}

function convert(scope: NodeScope): (Value | undefined)[] {
  const { op, outputs } = scope.node;
  if (!Object.hasOwn(OPERATORS, op))
    throw scope.fails('of what is computed from the images it is not supported');
  const values = [OPERATORS[op](scope)].flat();
  scope.checkAllRead();
  const lacking = outputs.findIndex((name, output) => name !== '' && scope.isRead(output) && !values[output]);
  if (lacking >= 0)
    throw scope.fails(`its output ${lacking}, ${outputs[lacking]}, which other nodes read, is not supported`);
  return values;
}

/** Names the node in whatever goes wrong with it. */
function named<T>({ op, name }: OnnxNode, convertNode: () => T): T {
  try {
    return convertNode();
  } catch (error) {
    if (error instanceof OnnxError && !(error instanceof NotFolded)) throw error;
    throw new OnnxError(`${op} ${name}: ${(error as Error).message.replace(/\.?$/, '.')}`, { cause: error });
  }
}

function asKnown(operand: Value | Constant, type: number): Known {
  if (isConstant(operand)) return { constant: operand, dims: operand.dims, type };
  return { dims: fileLengths(operand.view).map((length) => length ?? NaN), type };
}

function inputValue(
  input: OnnxPort,
  graph: OnnxGraph,
  layers: OnnxLayers,
  inputSize: ImportOnnxOptions['inputSize'],
): Value {
  const { name, lengths } = input;
  if (lengths === undefined || lengths.length < 2)
    throw new OnnxError(`input ${name} has no shape with a batch.`);
  const order = isChannelsLast(input, graph) ? [0, 1, 2, 3] : usualOrder(lengths.length);
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

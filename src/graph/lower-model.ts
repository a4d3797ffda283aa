import * as tf from '@tensorflow/tfjs';
import { checkModel } from '../check-kinds';
import { isLayersModel, isSequential } from '../kind-of';
import { CardinalError, invalidArgument } from '../errors';
import type { DepthwiseSeparableConv2D } from '../layers/depthwise-separable-conv2d';
import type { Graph, GraphNode, Shape } from './graph';
import { ACTIVATION_LOWERINGS } from './lowering/activations';
import { CONSTANT_LOWERINGS } from './lowering/constants';
import { CONVOLUTION_LOWERINGS } from './lowering/convolutions';
import { foreignComputation } from './lowering/known-classes';
import { LayerScope, type Lowerings, type Value } from './lowering/lowering';
import { MERGE_LOWERINGS } from './lowering/merges';
import { NORMALISATION_LOWERINGS } from './lowering/normalisation';
import { POOLING_LOWERINGS } from './lowering/pooling';
import { PRODUCT_LOWERINGS } from './lowering/products';
import { SHAPE_LOWERINGS } from './lowering/shapes';

const LOWERINGS: Lowerings = {
  ...ACTIVATION_LOWERINGS,
  ...CONSTANT_LOWERINGS,
  ...CONVOLUTION_LOWERINGS,
  ...MERGE_LOWERINGS,
  ...NORMALISATION_LOWERINGS,
  ...POOLING_LOWERINGS,
  ...PRODUCT_LOWERINGS,
  ...SHAPE_LOWERINGS,
  // Made of layers, each of which is lowered in turn.
  DepthwiseSeparableConv2D: (scope, [x]) =>
    (scope.layer as DepthwiseSeparableConv2D).parts.reduce(
      (value, part) => lowerLayer(scope.part(part, part.name.split('/').at(-1) as string), [value])[0],
      x,
    ),
};

/**
 * A built model as a graph for inference: the same numbers as `model.predict`, with the weights that it has now. What only
 * training needs is gone; nothing is merged yet, see `foldBatchNorm`. What a layer is lowered to follows from its class and
 * its options; {@link verifyGraph} runs both and compares.
 *
 * @throws InvalidArgumentError unless height and width of the images are fixed
 * @throws CardinalError naming every layer that no graph has an operation for, or a layer whose own class computes otherwise
 *   than the one that its name tells
 *
 * @example
 * const graph = lowerModel(createModel('resnext_toy'));
 * graph.nodes.filter(({ op }) => op === 'conv2d').length; // 13
 */
export function lowerModel(model: tf.LayersModel): Graph {
  checkModel('lowerModel', model);
  const { nodes, outputs } = lowered(model);
  return { name: model.name, nodes: reachable(nodes, outputs), outputs: outputs.map(({ name }) => name) };
}

/** A layer as a model applies it, and the name of the value that a graph has in place of its output. */
export interface LoweredLayer {
  readonly layer: tf.layers.Layer;
  readonly output: tf.SymbolicTensor;
  readonly value: string;
}

/**
 * As {@link lowerModel}, with the values of all layers as outputs of the graph, each once, and a list of which is whose, in the
 * order of the forward pass. A model within the model counts as one layer.
 */
export function lowerEveryLayer(model: tf.LayersModel): { graph: Graph; layers: readonly LoweredLayer[] } {
  const layers: LoweredLayer[] = [];
  const { nodes } = lowered(model, (layer) => layers.push(layer));
  const outputs = [...new Set(layers.map(({ value }) => value))];
  return { graph: { name: model.name, nodes, outputs }, layers };
}

function lowered(
  model: tf.LayersModel,
  note?: (layer: LoweredLayer) => void,
): { nodes: GraphNode[]; outputs: Value[] } {
  const unknown = unknownLayers(model);
  if (unknown.length > 0) {
    throw new CardinalError(`${model.name} has layers that cannot be lowered: ${unknown.join(', ')}`);
  }
  const nodes: GraphNode[] = [];
  const names = new Map<string, number>();
  const scopeOf = (layer: tf.layers.Layer, prefix: string): LayerScope => {
    const wanted = prefix + layer.name;
    const uses = names.get(wanted) ?? 0;
    names.set(wanted, uses + 1);
    return new LayerScope(layer, uses === 0 ? wanted : `${wanted}_${uses}`, (node) => nodes.push(node));
  };
  const given = model.inputs.map((input) => {
    const node: GraphNode = { op: 'input', name: input.name, inputs: [], shape: fixedShape(input.shape) };
    nodes.push(node);
    return node;
  });
  return { nodes, outputs: walk(model, given, '', scopeOf, note) };
}

type ScopeOf = (layer: tf.layers.Layer, prefix: string) => LayerScope;

/** Lowers a model within a model too: `given` are the values that it is applied to. */
function walk(
  model: tf.LayersModel,
  given: readonly Value[],
  prefix: string,
  scopeOf: ScopeOf,
  note?: (layer: LoweredLayer) => void,
): Value[] {
  if (isSequential(model) && !model.built) model.build();
  const values = new Map<tf.SymbolicTensor, Value>();
  model.inputs.forEach((input, i) => values.set(input, given[i]));
  const depths = Object.keys(model.nodesByDepth)
    .map(Number)
    .sort((a, b) => b - a);
  for (const depth of depths) {
    for (const { outboundLayer: layer, inputTensors, outputTensors } of model.nodesByDepth[depth]) {
      if (layer.getClassName() === 'InputLayer') continue;
      const inputs = inputTensors.map((tensor) => values.get(tensor) as Value);
      const made = isLayersModel(layer)
        ? walkInner(layer, inputs, prefix, scopeOf)
        : lowerLayer(scopeOf(layer, prefix), inputs);
      outputTensors.forEach((output, i) => {
        values.set(output, made[i]);
        note?.({ layer, output, value: made[i].name });
      });
    }
  }
  return model.outputs.map((output) => values.get(output) as Value);
}

function walkInner(model: tf.LayersModel, inputs: readonly Value[], prefix: string, scopeOf: ScopeOf) {
  requireKnownComputation(new LayerScope(model, prefix + model.name, () => undefined));
  return walk(model, inputs, `${prefix}${model.name}/`, scopeOf);
}

/** A subclass may compute what it likes under the name of the class that it extends. */
function requireKnownComputation(scope: LayerScope): void {
  const reason = foreignComputation(scope.layer);
  if (reason !== undefined) throw scope.cannot(reason);
}

function lowerLayer(scope: LayerScope, inputs: readonly Value[]): Value[] {
  requireKnownComputation(scope);
  return [LOWERINGS[scope.layer.getClassName()](scope, inputs)].flat();
}

function unknownLayers(model: tf.LayersModel): string[] {
  return model.layers.flatMap((layer) => {
    if (isLayersModel(layer)) return unknownLayers(layer);
    const className = layer.getClassName();
    const known = className === 'InputLayer' || Object.hasOwn(LOWERINGS, className);
    return known ? [] : [`${layer.name} (${className})`];
  });
}

function fixedShape(shape: readonly (number | null)[]): Shape {
  const lengths = shape.slice(1);
  if (lengths.some((length) => length == null)) {
    throw invalidArgument('model', 'an input of fixed height and width', shape);
  }
  return [null, ...(lengths as number[])];
}

/** Without what no output needs; the inputs stay. */
function reachable(nodes: readonly GraphNode[], outputs: readonly Value[]): GraphNode[] {
  const needed = new Set(outputs.map(({ name }) => name));
  const kept: GraphNode[] = [];
  for (let position = nodes.length - 1; position >= 0; position--) {
    const node = nodes[position];
    if (!needed.has(node.name) && node.op !== 'input') continue;
    node.inputs.forEach((name) => needed.add(name));
    kept.push(node);
  }
  return kept.reverse();
}

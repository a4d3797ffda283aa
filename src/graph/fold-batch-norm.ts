import { checkGraph } from '../check-kinds';
import { nodesByName, readersOf, type Graph, type GraphNode, type Weight } from './graph';

type Affine = Extract<GraphNode, { op: 'affine' }>;
type Foldable = Extract<GraphNode, { op: 'conv2d' | 'linear' }>;

/**
 * The same graph with every scale and shift of channels multiplied into the convolution or linear layer before it, where
 * nothing else reads what that puts out: grouped and depthwise ones too, since each output channel has its own filter.
 *
 * The result equals the graph within rounding.
 *
 * @example
 * const graph = foldBatchNorm(lowerModel(model));
 */
export function foldBatchNorm(graph: Graph): Graph {
  checkGraph('foldBatchNorm', graph);
  const byName = nodesByName(graph);
  const readers = readersOf(graph);
  const folded = new Map<string, GraphNode>();
  const gone = new Set<string>();
  for (const node of graph.nodes) {
    if (node.op !== 'affine') continue;
    const [before] = node.inputs;
    const producer = folded.get(before) ?? byName.get(before);
    if (producer === undefined || !isFoldable(producer) || readers.get(before) !== 1) continue;
    // Under the affine node's name, by which the rest of the graph reads it.
    folded.set(node.name, fold(producer, node));
    gone.add(before);
  }
  const nodes = graph.nodes
    .filter(({ name }) => !gone.has(name))
    .map((node) => folded.get(node.name) ?? node);
  return { ...graph, nodes };
}

function isFoldable(node: GraphNode): node is Foldable {
  return node.op === 'conv2d' || node.op === 'linear';
}

function fold(node: Foldable, { name, shape, scale, shift }: Affine): GraphNode {
  const bias: Weight = {
    shape: shift.shape,
    data: shift.data.map((value, channel) => value + scale.data[channel] * (node.bias?.data[channel] ?? 0)),
  };
  if (node.op === 'linear') return { ...node, name, shape, kernel: scaled(node.kernel, scale), bias };
  return { ...node, name, shape, filter: scaled(node.filter, scale), bias };
}

/** The last axis of a filter and of a kernel is that of the output channels. */
function scaled({ shape, data }: Weight, { data: scale }: Weight): Weight {
  return { shape, data: data.map((value, index) => value * scale[index % scale.length]) };
}

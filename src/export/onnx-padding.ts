import { nodesByName, readersOf, type Graph, type GraphNode, type Sides, type Window } from '../graph/graph';

/**
 * The same graph with zeros that are put around images made the business of the convolution or maximum that reads them,
 * where nothing else does. To a maximum padding is nothing rather than zero, so its images must be ones that are never
 * negative.
 */
export function absorbPadding(graph: Graph): Graph {
  const byName = nodesByName(graph);
  const readers = readersOf(graph);
  const gone = new Set<string>();
  const nodes = graph.nodes.map((node) => {
    const pad = byName.get(node.inputs[0]);
    if (pad?.op !== 'pad' || readers.get(pad.name) !== 1) return node;
    const absorbed = absorb(node, pad.padding, isNeverNegative(pad, byName));
    if (absorbed === undefined) return node;
    gone.add(pad.name);
    return { ...absorbed, inputs: pad.inputs };
  });
  return { ...graph, nodes: nodes.filter(({ name }) => !gone.has(name)) };
}

/** A node with more padding of its own, or nothing if it cannot have it. */
function absorb(node: GraphNode, more: Sides, isNeverNegative: boolean): GraphNode | undefined {
  if (node.op === 'conv2d') return { ...node, padding: sum(node.padding, more) };
  if (node.op !== 'maxPool' || !isNeverNegative) return undefined;
  const window = { ...node.window, padding: sum(node.window.padding, more) };
  return hasPixels(window) ? { ...node, window } : undefined;
}

function sum(a: Sides, b: Sides): Sides {
  return {
    top: a.top + b.top,
    bottom: a.bottom + b.bottom,
    left: a.left + b.left,
    right: a.right + b.right,
  };
}

/** Whether no window lies beside the image, where there would be no maximum. */
function hasPixels({ size, padding: { top, bottom, left, right } }: Window): boolean {
  return Math.max(top, bottom) < size[0] && Math.max(left, right) < size[1];
}

const NEVER_NEGATIVE: ReadonlySet<string> = new Set([
  'relu',
  'relu6',
  'sigmoid',
  'softplus',
  'softmax',
  'hardSigmoid',
]);
const KEEPS_SIGN: ReadonlySet<GraphNode['op']> = new Set([
  'add',
  'multiply',
  'concat',
  'maxPool',
  'averagePool',
  'globalAverage',
  'pad',
  'slice',
  'transpose',
  'shuffle',
  'reshape',
]);

function isNeverNegative(node: GraphNode, byName: ReadonlyMap<string, GraphNode>): boolean {
  if (node.op === 'activation') return NEVER_NEGATIVE.has(node.function.name);
  return (
    KEEPS_SIGN.has(node.op) &&
    node.inputs.every((name) => isNeverNegative(byName.get(name) as GraphNode, byName))
  );
}

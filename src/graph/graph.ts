/** Float32 values, row-major. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A shape whose batch, the first length, is free. */
export type Shape = readonly [batch: null, ...lengths: number[]];

/** Pixels added at each border. */
export interface Sides {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** A function of each element alone; `softmax` goes along the last axis. */
export type ElementFunction =
  | {
      readonly name:
        'relu' | 'relu6' | 'sigmoid' | 'tanh' | 'softplus' | 'gelu' | 'silu' | 'hardSwish' | 'softmax';
    }
  /** `alpha · x` below 0. */
  | { readonly name: 'leakyRelu'; readonly alpha: number }
  /** `alpha · (exp(x) - 1)` below 0. */
  | { readonly name: 'elu'; readonly alpha: number }
  /** `alpha · x + beta`, kept within 0 and 1. */
  | { readonly name: 'hardSigmoid'; readonly alpha: number; readonly beta: number };

/** A window that slides over height and width. */
export interface Window {
  readonly size: readonly [height: number, width: number];
  readonly strides: readonly [number, number];
  /** What is added holds nothing: no maximum or average counts it. */
  readonly padding: Sides;
}

/** What a node computes. Images are `[batch, height, width, channels]` throughout, and the last axis is the channels'. */
export type Operation =
  | { readonly op: 'input' }
  /** `filter` is `[height, width, in / groups, out]`, `bias` `[out]`. */
  | {
      readonly op: 'conv2d';
      readonly filter: Weight;
      readonly bias?: Weight;
      readonly groups: number;
      readonly strides: readonly [number, number];
      readonly dilations: readonly [number, number];
      readonly padding: Sides;
    }
  /** Along the last axis, whatever the rank: `kernel` is `[in, out]`, `bias` `[out]`. */
  | { readonly op: 'linear'; readonly kernel: Weight; readonly bias?: Weight }
  /** `scale · x + shift` by channel: batch norm in inference, and factors of channels. */
  | { readonly op: 'affine'; readonly scale: Weight; readonly shift: Weight }
  /** Normalises along the channels at each position. */
  | { readonly op: 'layerNorm'; readonly gamma: Weight; readonly beta: Weight; readonly epsilon: number }
  | { readonly op: 'activation'; readonly function: ElementFunction }
  /** The shapes are equal, or lengths of 1 are repeated. */
  | { readonly op: 'add' | 'multiply' }
  /** Of channels. */
  | { readonly op: 'concat' }
  | { readonly op: 'maxPool' | 'averagePool'; readonly window: Window }
  /** Over height and width; with `keepsAxes` they stay with a length of 1. */
  | { readonly op: 'globalAverage'; readonly keepsAxes: boolean }
  /** With zeros. */
  | { readonly op: 'pad'; readonly padding: Sides }
  /** Positions from `begin`, which has a number for each axis after the batch, as many as the node's own shape has. */
  | { readonly op: 'slice'; readonly begin: readonly number[] }
  /** Axis `axes[i]`, counted from 1 as the batch stays axis 0, comes to be axis `i + 1`. */
  | { readonly op: 'transpose'; readonly axes: readonly number[] }
  /** Output channel `c · groups + g` is channel `c` of group `g`. */
  | { readonly op: 'shuffle'; readonly groups: number }
  /** Of each element of the batch, row-major, to the node's own shape. */
  | { readonly op: 'reshape' };

/** One operation of a graph. Its name is that of the value it computes. */
export type GraphNode = Operation & {
  readonly name: string;
  readonly inputs: readonly string[];
  /** Of what it computes. */
  readonly shape: Shape;
};

/**
 * A network for inference, free of any framework: what exports, engines and imports have in common.
 *
 * Nodes come after those that they read; every name is unique.
 */
export interface Graph {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  /** Names of the values that it puts out, in order. */
  readonly outputs: readonly string[];
}

/** The nodes by name. */
export function nodesByName(graph: Graph): ReadonlyMap<string, GraphNode> {
  return new Map(graph.nodes.map((node) => [node.name, node]));
}

/** How often each value is read, an output of the graph counting as one reader. */
export function readersOf(graph: Graph): ReadonlyMap<string, number> {
  const readers = new Map<string, number>();
  const read = (name: string) => readers.set(name, (readers.get(name) ?? 0) + 1);
  for (const { inputs } of graph.nodes) inputs.forEach(read);
  graph.outputs.forEach(read);
  return readers;
}

/** The weights of a node by the operation's own names for them. */
export function weightsOf(node: GraphNode): [name: string, weight: Weight][] {
  switch (node.op) {
    case 'conv2d':
      return [['filter', node.filter], ...optional('bias', node.bias)];
    case 'linear':
      return [['kernel', node.kernel], ...optional('bias', node.bias)];
    case 'affine':
      return [
        ['scale', node.scale],
        ['shift', node.shift],
      ];
    case 'layerNorm':
      return [
        ['gamma', node.gamma],
        ['beta', node.beta],
      ];
    default:
      return [];
  }
}

function optional(name: string, weight: Weight | undefined): [string, Weight][] {
  return weight === undefined ? [] : [[name, weight]];
}

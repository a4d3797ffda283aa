import type { Shape } from '../graph/graph';

/** Element types of TensorFlow, by its own names. */
export type ElementType = 'DT_FLOAT' | 'DT_INT32';

/** An attribute of a node, by the kind that TensorFlow's `AttrValue` tells apart. */
export type NodeAttribute =
  | { readonly type: ElementType }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly bool: boolean }
  | { readonly string: string }
  | { readonly strings: readonly string[] }
  | { readonly shape: Shape };

/** The value of a constant: row-major. */
export interface ConstantValue {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
  /** It is a kernel or filter, most of the bytes, which a format may store in fewer. */
  readonly isKernel?: boolean;
}

/** A node of a TensorFlow graph, before it becomes a protobuf message or JSON. */
export interface TensorflowNode {
  readonly name: string;
  /** TensorFlow's name of the operation. */
  readonly op: string;
  /** Values that it reads: `node` or, of a node with several outputs, `node:index`. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, NodeAttribute>>;
  /** Of a `Const` alone. */
  readonly value?: ConstantValue;
}

/** What a graph takes or gives: the key in its signature, and the node. */
export interface Endpoint {
  readonly key: string;
  readonly node: string;
  readonly shape: Shape;
}

/** A graph as TensorFlow has it. Nodes come after those that they read. */
export interface TensorflowGraph {
  readonly nodes: readonly TensorflowNode[];
  readonly inputs: readonly Endpoint[];
  readonly outputs: readonly Endpoint[];
}

/** The graph's language as of TensorFlow 2.8, which every later one and tfjs read. */
export const GRAPH_PRODUCER = 987;

export const FLOAT: NodeAttribute = { type: 'DT_FLOAT' };
export const INT32: NodeAttribute = { type: 'DT_INT32' };

/** TensorFlow's type of a constant's elements. */
export function elementTypeOf({ data }: ConstantValue): ElementType {
  return data instanceof Float32Array ? 'DT_FLOAT' : 'DT_INT32';
}

/** Collects nodes under names that TensorFlow takes, each of them once. */
export class NodeList {
  readonly nodes: TensorflowNode[] = [];
  private readonly taken = new Set<string>();

  /** A name that no other node has, as near to `wanted` as TensorFlow allows. */
  reserve(wanted: string): string {
    const legal = wanted.replace(/[^A-Za-z0-9_.\-/]/g, '_').replace(/^[^A-Za-z0-9.]/, 'n$&');
    let name = legal;
    for (let i = 1; this.taken.has(name); i++) name = `${legal}_${i}`;
    this.taken.add(name);
    return name;
  }

  /** Adds a node under a reserved name, which it returns. */
  add(
    name: string,
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, NodeAttribute>> = {},
  ): string {
    this.nodes.push({ name, op, inputs, attributes });
    return name;
  }

  /** Adds a constant under a reserved name, which it returns. */
  constant(name: string, value: ConstantValue): string {
    this.nodes.push({
      name,
      op: 'Const',
      inputs: [],
      attributes: { dtype: { type: elementTypeOf(value) } },
      value,
    });
    return name;
  }
}

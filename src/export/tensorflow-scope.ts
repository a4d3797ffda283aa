import type { Sides, Weight } from '../graph/graph';
import { FLOAT, INT32, type NodeAttribute, type NodeList } from './tensorflow-nodes';

/** What the formats made of TensorFlow's operations differ in. */
export interface TensorflowDialect {
  /** A grouped convolution as one `Conv2D`, or as one a group between a split and a concatenation. */
  readonly groups: 'native' | 'split';
  /** Bias and activation within the convolution's own node, as tfjs's kernels take them. */
  readonly fused: boolean;
}

type Attributes = Readonly<Record<string, NodeAttribute>>;

/** Adds the TensorFlow nodes of one node of a graph: the last has its name, the others names below it. */
export class TensorflowScope {
  constructor(
    private readonly list: NodeList,
    /** Reserved. */
    private readonly name: string,
    readonly dialect: TensorflowDialect,
  ) {}

  /** Adds the node that computes the value itself. */
  last(op: string, inputs: readonly string[], attributes: Attributes = { T: FLOAT }): string {
    return this.list.add(this.name, op, inputs, attributes);
  }

  /** Adds a node on the way there. */
  part(part: string, op: string, inputs: readonly string[], attributes: Attributes = { T: FLOAT }): string {
    return this.list.add(this.list.reserve(`${this.name}/${part}`), op, inputs, attributes);
  }

  weight(part: string, { shape, data }: Weight): string {
    return this.list.constant(this.list.reserve(`${this.name}/${part}`), { shape, data });
  }

  /** A weight that a format may store in fewer bytes. */
  kernel(part: string, { shape, data }: Weight): string {
    return this.list.constant(this.list.reserve(`${this.name}/${part}`), { shape, data, isKernel: true });
  }

  scalar(part: string, value: number): string {
    return this.weight(part, { shape: [], data: Float32Array.of(value) });
  }

  /** Whole numbers: axes, shapes, positions. */
  integers(part: string, values: readonly number[] | number): string {
    const list = typeof values === 'number' ? [values] : values;
    const shape = typeof values === 'number' ? [] : [list.length];
    return this.list.constant(this.list.reserve(`${this.name}/${part}`), {
      shape,
      data: Int32Array.from(list),
    });
  }

  /** Zeros, or another value, around images. */
  padding(part: string, { top, bottom, left, right }: Sides): string {
    const name = this.list.reserve(`${this.name}/${part}`);
    return this.list.constant(name, {
      shape: [4, 2],
      data: Int32Array.of(0, 0, top, bottom, left, right, 0, 0),
    });
  }

  reshape(part: string, x: string, shape: readonly number[]): string {
    return this.part(part, 'Reshape', [x, this.integers(`${part}/shape`, shape)], {
      T: FLOAT,
      Tshape: INT32,
    });
  }
}

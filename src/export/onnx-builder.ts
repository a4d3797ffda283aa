import type { Graph, GraphNode, Shape, Weight } from '../graph/graph';
import type { AttributeInit, NodeInit, ValueInfoInit } from './onnx-messages';

/** The order of the axes of a batch of images. */
export type ImageLayout = 'nchw' | 'nhwc';

/** Of an operator, by ONNX's names. */
export interface Attributes {
  readonly ints?: Readonly<Record<string, number | readonly number[]>>;
  readonly floats?: Readonly<Record<string, number>>;
}

/** A tensor that is known beforehand. */
export interface Initializer {
  /** All but its values. */
  readonly tensor: { readonly name: string; readonly dataType: number; readonly dims: bigint[] };
  /** In bytes. */
  readonly size: number;
  /** The values, little-endian. */
  readonly read: () => Uint8Array<ArrayBuffer>;
}

type Values = Float32Array | BigInt64Array;

// Numbers that onnx.proto gives to types: of a tensor's elements, and of attributes.
const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE = { float: 1, int: 2, ints: 7 };

/** Where the axes of NHWC come from to make NCHW, and the other way round. */
const PERMUTATIONS: Readonly<Record<ImageLayout, readonly number[]>> = {
  nchw: [0, 3, 1, 2],
  nhwc: [0, 2, 3, 1],
};

/**
 * The nodes and initialisers of an ONNX graph in the making. It knows in which layout each batch of images is at hand, and
 * adds a `Transpose` where a node needs the other one. Values of other ranks have no layout: their channels come last.
 */
export class OnnxBuilder {
  readonly nodes: NodeInit[] = [];
  /** Of which those that stand for weights have no values yet. */
  readonly initializers: Initializer[] = [];
  private readonly taken: Set<string>;
  private readonly shapes = new Map<string, Shape>();
  private readonly values = new Map<string, Partial<Record<ImageLayout, string>>>();
  private readonly constants = new Map<string, string>();

  /** @param layout of the images that have the names of the graph's values; those in the other layout have longer ones */
  constructor(
    graph: Graph,
    private readonly layout: ImageLayout,
  ) {
    this.taken = new Set(graph.nodes.map(({ name }) => name));
    for (const { name, shape } of graph.nodes) this.shapes.set(name, shape);
  }

  shapeOf(value: string): Shape {
    return this.shapes.get(value) as Shape;
  }

  isImage(value: string): boolean {
    return this.shapeOf(value).length === 4;
  }

  /** Whether a value can be read in a layout without moving it. */
  has(value: string, layout: ImageLayout): boolean {
    return this.values.get(value)?.[layout] !== undefined;
  }

  /** The layout in which a value was computed, NCHW rather than NHWC if it is there in both. */
  layoutOf(value: string): ImageLayout {
    return this.has(value, 'nchw') ? 'nchw' : 'nhwc';
  }

  /** ONNX's name of a value in a layout. */
  read(value: string, layout: ImageLayout): string {
    const names = this.values.get(value) as Partial<Record<ImageLayout, string>>;
    if (!this.isImage(value)) return names.nhwc as string;
    const from = layout === 'nchw' ? names.nhwc : names.nchw;
    names[layout] ??= this.add('Transpose', [from as string], this.nameIn(value, layout), {
      ints: { perm: PERMUTATIONS[layout] },
    });
    return names[layout];
  }

  /** Says that a value is there in a layout, and the name that it is to have. */
  define(value: string, layout: ImageLayout): string {
    const own = this.isImage(value) ? layout : 'nhwc';
    const name = this.nameIn(value, own);
    this.values.set(value, { ...this.values.get(value), [own]: name });
    return name;
  }

  /** Adds a node and returns the name of its output. */
  add(opType: string, inputs: readonly string[], output: string, attributes: Attributes = {}): string {
    const { ints = {}, floats = {} } = attributes;
    this.nodes.push({
      opType,
      name: output,
      input: [...inputs],
      output: [output],
      attribute: [
        ...Object.entries(ints).map(([name, value]) => intAttribute(name, value)),
        ...Object.entries(floats).map(([name, f]) => ({ name, type: ATTRIBUTE.float, f })),
      ],
    });
    return output;
  }

  /** A name that nothing else has. */
  unique(wanted: string): string {
    let name = wanted;
    for (let count = 1; this.taken.has(name); count++) name = `${wanted}_${count}`;
    this.taken.add(name);
    return name;
  }

  /** An initialiser of float32 values under a name of its own. */
  weight(wanted: string, weight: Weight): string {
    const name = this.unique(wanted);
    const { shape } = weight;
    const size = shape.reduce((product, extent) => product * extent, Float32Array.BYTES_PER_ELEMENT);
    const tensor = { name, dataType: FLOAT, dims: shape.map(BigInt) };
    this.initializers.push({ tensor, size, read: () => bytesOf(weight.data) });
    return name;
  }

  /** An initialiser of a few whole numbers, the same for all who ask for the same ones. */
  integers(values: readonly number[]): string {
    return this.shared(`ints_${values.join('_')}`, INT64, [values.length], () =>
      BigInt64Array.from(values, BigInt),
    );
  }

  /** An initialiser that has one number in it, so often as `shape` says; a scalar by default. */
  filled(value: number, shape: readonly number[] = []): string {
    const length = shape.reduce((product, extent) => product * extent, 1);
    const key = ['float', Object.is(value, -0) ? '-0' : value, ...shape].join('_');
    return this.shared(key, FLOAT, shape, () => new Float32Array(length).fill(value));
  }

  /** How ONNX describes one of the graph's values: its name, type and shape, of which the batch is free. */
  describe({ shape }: GraphNode, name: string): ValueInfoInit {
    const [, ...lengths] = shape.length === 4 ? permuted(shape, this.layout) : shape;
    const dim = [
      { value: { case: 'dimParam' as const, value: 'batch' } },
      ...lengths.map((length) => ({ value: { case: 'dimValue' as const, value: BigInt(length as number) } })),
    ];
    return { name, type: { value: { case: 'tensorType', value: { elemType: FLOAT, shape: { dim } } } } };
  }

  private nameIn(value: string, layout: ImageLayout): string {
    return !this.isImage(value) || layout === this.layout ? value : this.unique(`${value}.${layout}`);
  }

  private shared(key: string, dataType: number, dims: readonly number[], values: () => Values): string {
    let name = this.constants.get(key);
    if (name === undefined) {
      name = this.unique(key);
      this.constants.set(key, name);
      const bytes = bytesOf(values());
      const tensor = { name, dataType, dims: dims.map(BigInt) };
      this.initializers.push({ tensor, size: bytes.length, read: () => bytes });
    }
    return name;
  }
}

/** A shape `[batch, height, width, channels]` in a layout. */
export function permuted(shape: readonly (number | null)[], layout: ImageLayout): (number | null)[] {
  return layout === 'nhwc' ? [...shape] : PERMUTATIONS.nchw.map((axis) => shape[axis]);
}

function intAttribute(name: string, value: number | readonly number[]): AttributeInit {
  return typeof value === 'number'
    ? { name, type: ATTRIBUTE.int, i: BigInt(value) }
    : { name, type: ATTRIBUTE.ints, ints: value.map(BigInt) };
}

/** Little-endian, as every machine that TensorFlow.js runs on has them. */
function bytesOf({ buffer, byteOffset, byteLength }: Values): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

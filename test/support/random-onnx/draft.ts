import {
  encodeModel,
  type AttributeInit,
  type ModelInit,
  type NodeInit,
  type TensorInit,
} from '../../../src/export/onnx-messages';
import { seededRandom } from '../../../src/data/random';

/** The element types that drafts use, by the numbers of `TensorProto.DataType` in onnx.proto. */
export const TYPES = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10, double: 11 };
export type ElementType = keyof typeof TYPES;

/** A value of a file in the making that is computed from its inputs; the first length is the batch that it is tried with. */
export interface Drawn {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: ElementType;
  /** Whether every runtime computes the same bits, so that what is not continuous may come after it. */
  readonly isExact: boolean;
}

export type AttributeValues = Readonly<
  Record<string, number | string | readonly number[] | { readonly float: number } | TensorInit | undefined>
>;

/** An ONNX file in the making, which draws all that it is asked for from one seed. */
export class Draft {
  readonly nodes: NodeInit[] = [];
  readonly initializers: TensorInit[] = [];
  readonly inputs: Drawn[] = [];
  private readonly random;
  private count = 0;

  /**
   * @param opset of the file; operators have other attributes in others
   * @param prefers an operator of constants; of the others a file has few
   */
  constructor(
    readonly opset: number,
    readonly prefers: (op: string) => boolean,
    ...seeds: number[]
  ) {
    this.random = seededRandom(...seeds);
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + this.random.below(high - low + 1);
  }

  chance(share: number): boolean {
    return this.random.below(2 ** 20) < share * 2 ** 20;
  }

  one<T>(of: readonly T[]): T {
    return of[this.random.below(of.length)];
  }

  /** A number from `low` to `high`. */
  real(low: number, high: number): number {
    return Math.fround(low + ((high - low) * this.random.below(2 ** 22)) / 2 ** 22);
  }

  shuffled<T>(of: readonly T[]): T[] {
    const left = [...of];
    return of.map(() => left.splice(this.random.below(left.length), 1)[0]);
  }

  /** An axis of so many, sometimes counted from the end. */
  signed(axis: number, rank: number): number {
    return this.chance(0.3) ? axis - rank : axis;
  }

  name(hint: string): string {
    return `${hint}_${this.count++}`;
  }

  /** A node, whose outputs' names come back. Inputs that are `undefined` are left out. */
  node(
    opType: string,
    inputs: readonly (string | undefined)[],
    attributes: AttributeValues = {},
    outputs = 1,
  ): string[] {
    const name = this.name(opType);
    const output = Array.from({ length: outputs }, (_, index) => `${name}_out${index}`);
    const input = inputs.map((one) => one ?? '');
    while (input.at(-1) === '') input.pop();
    const attribute = Object.entries(attributes)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => attributeOf(key, value as NonNullable<typeof value>));
    this.nodes.push({ opType, name, input, output, attribute });
    return output;
  }

  /** A tensor of the file, as an initialiser or a `Constant` node. */
  tensor(dims: readonly number[], values: readonly number[], type: ElementType = 'float'): string {
    const tensor = tensorOf(dims, values, type, this.chance(0.5));
    if (this.chance(0.25)) return this.node('Constant', [], { value: tensor })[0];
    const name = this.name('weight');
    this.initializers.push({ ...tensor, name });
    return name;
  }

  integers(values: readonly number[]): string {
    return this.tensor([values.length], values, 'int64');
  }

  /** Numbers that are not near 0, so that dividing by them is harmless. */
  weights(dims: readonly number[], low = 0.4, high = 1.6): number[] {
    return Array.from({ length: sizeOf(dims) }, () => this.real(low, high) * (this.chance(0.4) ? -1 : 1));
  }

  input(dims: readonly number[], type: ElementType = 'float'): Drawn {
    const drawn = { name: this.name('x'), dims, type, isExact: true };
    this.inputs.push(drawn);
    return drawn;
  }

  /** The file's message. */
  model(outputs: readonly Drawn[], isBatchOpen: boolean): ModelInit {
    const open = { value: { case: 'dimParam' as const, value: 'batch' } };
    return {
      irVersion: 9n,
      opsetImport: [{ domain: '', version: BigInt(this.opset) }],
      graph: {
        name: 'drawn',
        node: this.nodes,
        initializer: this.initializers,
        input: this.inputs.map(({ name, dims, type }) => {
          const dim = dims.map((length, axis) =>
            axis === 0 && isBatchOpen
              ? open
              : { value: { case: 'dimValue' as const, value: BigInt(length) } },
          );
          const value = { elemType: TYPES[type], shape: { dim } };
          return { name, type: { value: { case: 'tensorType' as const, value } } };
        }),
        output: outputs.map(({ name, type }) => {
          const value = { elemType: TYPES[type] };
          return { name, type: { value: { case: 'tensorType' as const, value } } };
        }),
      },
    };
  }

  bytes(outputs: readonly Drawn[], isBatchOpen: boolean): Uint8Array {
    return encodeModel(this.model(outputs, isBatchOpen));
  }
}

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, length) => product * length, 1);
}

/** The lengths with another along one axis. */
export function replaced(dims: readonly number[], axis: number, length: number): number[] {
  return dims.map((own, at) => (at === axis ? length : own));
}

/** The lengths with `count` of them from an axis on taken out and others put there. */
export function spliced(dims: readonly number[], axis: number, count: number, ...put: number[]): number[] {
  const made = [...dims];
  made.splice(axis, count, ...put);
  return made;
}

/** The lengths that two tensors have together, or `undefined` if they do not fit. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const [left, right] = [a, b].map((dims) => [...new Array<number>(rank - dims.length).fill(1), ...dims]);
  if (left.some((length, axis) => length !== right[axis] && length !== 1 && right[axis] !== 1))
    return undefined;
  return left.map((length, axis) => (length === 1 ? right[axis] : length));
}

function attributeOf(name: string, value: NonNullable<AttributeValues[string]>): AttributeInit {
  if (typeof value === 'number') return { name, type: 2, i: BigInt(value) };
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { name, type: 7, ints: (value as readonly number[]).map(BigInt) };
  if ('float' in value) return { name, type: 1, f: value.float };
  return { name, type: 4, t: value as TensorInit };
}

function tensorOf(
  dims: readonly number[],
  values: readonly number[],
  type: ElementType,
  isRaw: boolean,
): TensorInit {
  const common = { dataType: TYPES[type], dims: dims.map(BigInt) };
  if (isRaw && values.length > 0) {
    const raw = {
      float: () => Float32Array.from(values),
      double: () => Float64Array.from(values),
      int64: () => BigInt64Array.from(values, BigInt),
      int32: () => Int32Array.from(values),
      int8: () => Int8Array.from(values),
      uint8: () => Uint8Array.from(values),
      bool: () => Uint8Array.from(values),
      float16: undefined,
    }[type];
    if (raw !== undefined) return { ...common, rawData: new Uint8Array(raw().buffer) };
  }
  if (type === 'float') return { ...common, floatData: [...values] };
  if (type === 'double') return { ...common, doubleData: [...values] };
  if (type === 'int64') return { ...common, int64Data: values.map(BigInt) };
  return { ...common, int32Data: [...values] };
}

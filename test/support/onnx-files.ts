import {
  encodeModel,
  type AttributeInit,
  type NodeInit,
  type TensorInit,
} from '../../src/export/onnx-messages';
import { uniform } from './torch-fill';

/** A node of a made file: operator, inputs, outputs, attributes. */
export type NodeOf = readonly [
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: Readonly<
    Record<
      string,
      number | string | readonly number[] | { readonly float: number } | { readonly tensor: TensorInit }
    >
  >,
];

export interface MadeFile {
  readonly nodes: readonly NodeOf[];
  /** Lengths, of which `null` is left open; the batch is left open anyway. */
  readonly input?: readonly (number | null)[];
  /** The batch, where it is not left open. */
  readonly batch?: number;
  readonly outputs?: readonly string[];
  /**
   * Shapes of float weights that are drawn, or what is in them, in one axis unless told otherwise; whole numbers as an array of
   * `bigint`.
   */
  readonly weights?: Readonly<
    Record<
      string,
      | readonly number[]
      | { readonly float: readonly number[]; readonly dims?: readonly number[] }
      | readonly bigint[]
      | { readonly whole: readonly bigint[]; readonly dims: readonly number[] }
    >
  >;
  readonly tensors?: readonly TensorInit[];
  readonly opset?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The bytes of an ONNX file whose input is `x` and whose output is `y`, unless told otherwise. */
export function onnxFile({
  nodes,
  input = [8, 6, 5],
  batch,
  outputs = ['y'],
  weights = {},
  tensors = [],
  opset = 20,
  metadata = {},
}: MadeFile): Uint8Array {
  const open = (name: string) => ({ value: { case: 'dimParam' as const, value: name } });
  const dim = [
    batch === undefined ? open('batch') : { value: { case: 'dimValue' as const, value: BigInt(batch) } },
    ...input.map((length) =>
      length === null ? open('any') : { value: { case: 'dimValue' as const, value: BigInt(length) } },
    ),
  ];
  return encodeModel({
    irVersion: 9n,
    opsetImport: [{ domain: '', version: BigInt(opset) }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: 'made',
      node: nodes.map(nodeOf),
      initializer: [...Object.entries(weights).map(tensorOf), ...tensors],
      input: [{ name: 'x', type: { value: { case: 'tensorType', value: { elemType: 1, shape: { dim } } } } }],
      output: outputs.map((name) => ({
        name,
        type: { value: { case: 'tensorType', value: { elemType: 1 } } },
      })),
    },
  });
}

function nodeOf([opType, input, output, attributes = {}]: NodeOf, index: number): NodeInit {
  return {
    opType,
    name: `node${index}`,
    input: [...input],
    output: [...output],
    attribute: Object.entries(attributes).map(([name, value]): AttributeInit => {
      if (typeof value === 'number') return { name, type: 2, i: BigInt(value) };
      if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
      if ('float' in value) return { name, type: 1, f: value.float };
      if ('tensor' in value) return { name, type: 4, t: value.tensor };
      return { name, type: 7, ints: value.map(BigInt) };
    }),
  };
}

function tensorOf([name, value]: [string, NonNullable<MadeFile['weights']>[string]]): TensorInit {
  if ('float' in value) {
    const { float, dims = [float.length] } = value;
    return { name, dataType: 1, dims: dims.map(BigInt), floatData: [...float] };
  }
  if ('whole' in value)
    return { name, dataType: 7, dims: value.dims.map(BigInt), int64Data: [...value.whole] };
  if (typeof value[0] === 'bigint') {
    return { name, dataType: 7, dims: [BigInt(value.length)], int64Data: [...(value as readonly bigint[])] };
  }
  const dims = value as readonly number[];
  const count = dims.reduce((product, length) => product * length, 1);
  const drawn = Array.from(uniform(name, count), (number) =>
    /variance/.test(name) ? 0.6 + number / 4 : number,
  );
  return {
    name,
    dataType: 1,
    dims: dims.map(BigInt),
    rawData: new Uint8Array(Float32Array.from(drawn).buffer),
  };
}

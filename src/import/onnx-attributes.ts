import type { OnnxModel } from '../export/onnx-messages';
import { OnnxError } from './onnx-error';

export type NodeMessage = NonNullable<OnnxModel['graph']>['node'][number];
export type TensorMessage = NonNullable<OnnxModel['graph']>['initializer'][number];
type AttributeMessage = NodeMessage['attribute'][number];

type AttributeValue = number | string | readonly number[] | TensorMessage;

/** The kinds of attributes that operators have here, by the numbers of `AttributeProto.AttributeType` in onnx.proto. */
const READERS: Readonly<Record<number, (attribute: AttributeMessage) => AttributeValue | undefined>> = {
  1: ({ f }) => f,
  2: ({ i }) => Number(i),
  3: ({ s }) => new TextDecoder().decode(s),
  4: ({ t }) => t,
  6: ({ floats }) => floats,
  7: ({ ints }) => ints.map(Number),
};

/** The attributes of a node by name. */
export class Attributes {
  private constructor(
    private readonly owner: string,
    private readonly values: ReadonlyMap<string, AttributeValue | undefined>,
  ) {}

  static of(values: Readonly<Record<string, AttributeValue>> = {}): Attributes {
    return new Attributes('', new Map(Object.entries(values)));
  }

  static read({ name, output, attribute }: NodeMessage): Attributes {
    const values = attribute.map((one) => [one.name, READERS[one.type]?.(one)] as const);
    return new Attributes(name || output[0], new Map(values));
  }

  has(name: string): boolean {
    return this.values.has(name);
  }

  number(name: string): number | undefined;
  number(name: string, otherwise: number): number;
  number(name: string, otherwise?: number): number | undefined {
    return this.as(name, (value) => typeof value === 'number', otherwise);
  }

  numbers(name: string): readonly number[] | undefined {
    return this.as<readonly number[] | undefined>(name, (value) => Array.isArray(value), undefined);
  }

  text(name: string, otherwise: string): string {
    return this.as(name, (value) => typeof value === 'string', otherwise);
  }

  tensor(name: string): TensorMessage | undefined {
    return this.as<TensorMessage | undefined>(
      name,
      (value) => typeof value === 'object' && !Array.isArray(value),
      undefined,
    );
  }

  private as<T extends AttributeValue | undefined>(
    name: string,
    fits: (value: unknown) => boolean,
    otherwise: T,
  ): T {
    if (!this.values.has(name)) return otherwise;
    const value = this.values.get(name);
    if (!fits(value))
      throw new OnnxError(`node ${this.owner}: its attribute ${name} is of another type than it must be.`);
    return value as T;
  }
}

/** One operator of a file. */
export interface OnnxNode {
  readonly op: string;
  readonly name: string;
  /** An input that is left out is the empty string. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
  /** The PyTorch module that it comes from, where the file tells. */
  readonly module?: string;
}

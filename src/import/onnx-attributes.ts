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

/**
 * The attributes of a node by name. They take note of which were asked for, so that none that a file has is passed over: see
 * {@link unread}.
 */
export class Attributes {
  private readonly asked = new Set<string>();

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

  /** These, with others in place of or beside them: for a node that several of a file's became. */
  with(values: Readonly<Record<string, AttributeValue>>): Attributes {
    return new Attributes(this.owner, new Map([...this.values, ...Object.entries(values)]));
  }

  /** How many there are. */
  get size(): number {
    return this.values.size;
  }

  /** The attributes that the node has and that nobody asked for, so that whatever they say was not done. */
  unread(): string[] {
    return [...this.values.keys()].filter((name) => !this.asked.has(name));
  }

  /** Says of attributes that what they change is nothing that a model here has, such as the seed of a dropout. */
  passOver(...names: readonly string[]): void {
    for (const name of names) this.asked.add(name);
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
    this.asked.add(name);
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

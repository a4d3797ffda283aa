import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What scripts/fixtures/torch_logits.py wrote of a model. */
export interface LogitsFixture {
  readonly model: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Height and width of the images. */
  readonly size: number;
  /** Of the fill, so that activations stay of one magnitude. */
  readonly gain: number;
  /** One row an image. */
  readonly logits: readonly (readonly number[])[];
}

/** What scripts/fixtures/torch_gradients.py wrote of a model. */
export interface GradientsFixture {
  readonly model: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly size: number;
  readonly gain: number;
  readonly apart: boolean;
  readonly labels: readonly number[];
  readonly loss: number;
  /** Of each trainable tensor, the gradient's norm and its products with vectors of signs, as shares of that norm. */
  readonly gradients: Readonly<Record<string, readonly [norm: number, ...products: number[]]>>;
  /** What batch norm's running means moved to, by the same measure. */
  readonly means: Readonly<Record<string, readonly [norm: number, ...products: number[]]>>;
}

interface Fixtures {
  logits: LogitsFixture;
  gradients: GradientsFixture;
}

const folder = (kind: keyof Fixtures): string => join(__dirname, '..', 'fixtures', kind);

/** The models that there is a fixture of. */
export function fixtureNames(kind: keyof Fixtures): string[] {
  return readdirSync(folder(kind)).map((file) => file.replace(/\.json$/, ''));
}

export function readFixture<Kind extends keyof Fixtures>(kind: Kind, model: string): Fixtures[Kind] {
  return JSON.parse(readFileSync(join(folder(kind), `${model}.json`), 'utf8')) as Fixtures[Kind];
}

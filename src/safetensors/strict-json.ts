import { SafetensorsError } from './tensor';

/** JSON as a safetensors header uses it: objects are maps, so no key is special, and the only numbers are counts. */
export type StrictJson = string | number | readonly StrictJson[] | ReadonlyMap<string, StrictJson>;

/** A header nests two objects and a list; more is an attack on the stack, not a header. */
const DEEPEST = 8;

/**
 * Parses JSON more strictly than `JSON.parse`: a key that occurs twice, a number that is not a whole non-negative
 * safe integer, and `true`, `false` or `null` are refused, since no field of a safetensors header may hold them.
 *
 * @throws SafetensorsError
 *
 * @example
 * parseStrictJson('{"shape":[2,3]}'); // Map { 'shape' => [2, 3] }
 */
export function parseStrictJson(text: string): StrictJson {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class Parser {
  private at = 0;

  constructor(private readonly text: string) {}

  value(depth: number): StrictJson {
    if (depth > DEEPEST) throw this.error('is nested too deeply');
    this.skipSpace();
    const next = this.text[this.at];
    if (next === '{') return this.object(depth);
    if (next === '[') return this.array(depth);
    if (next === '"') return this.string();
    return this.count();
  }

  end(): void {
    this.skipSpace();
    if (this.at < this.text.length) throw this.error('goes on after its closing brace');
  }

  private object(depth: number): ReadonlyMap<string, StrictJson> {
    const entries = new Map<string, StrictJson>();
    this.list('{', '}', () => {
      const key = this.string();
      if (entries.has(key)) throw this.error(`has the key ${JSON.stringify(key)} twice`);
      this.expect(':');
      entries.set(key, this.value(depth + 1));
    });
    return entries;
  }

  private array(depth: number): readonly StrictJson[] {
    const items: StrictJson[] = [];
    this.list('[', ']', () => items.push(this.value(depth + 1)));
    return items;
  }

  private list(open: string, close: string, item: () => void): void {
    this.expect(open);
    this.skipSpace();
    if (this.text[this.at] === close) {
      this.at++;
      return;
    }
    for (;;) {
      this.skipSpace();
      item();
      this.skipSpace();
      if (this.text[this.at] !== ',') break;
      this.at++;
    }
    this.expect(close);
  }

  private string(): string {
    const start = this.at;
    if (this.text[start] !== '"') throw this.error('is not valid JSON');
    let end = start + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === '\\' ? 2 : 1;
    if (end >= this.text.length) throw this.error('is not valid JSON');
    this.at = end + 1;
    try {
      return JSON.parse(this.text.slice(start, this.at)) as string;
    } catch {
      this.at = start;
      throw this.error('is not valid JSON');
    }
  }

  private count(): number {
    const token = /[^\s,:[\]{}"]*/y;
    token.lastIndex = this.at;
    const [written = ''] = token.exec(this.text) ?? [];
    if (written === '') throw this.error('is not valid JSON');
    const value = Number(written);
    if (!/^(0|[1-9]\d*)$/.test(written) || !Number.isSafeInteger(value)) {
      throw this.error(`holds ${written.slice(0, 30)} where a whole number from 0 to 2^53 - 1 belongs`);
    }
    this.at += written.length;
    return value;
  }

  private expect(character: string): void {
    this.skipSpace();
    if (this.text[this.at] !== character) throw this.error('is not valid JSON');
    this.at++;
  }

  private skipSpace(): void {
    while (' \t\n\r'.includes(this.text[this.at] ?? '?')) this.at++;
  }

  private error(what: string): SafetensorsError {
    return new SafetensorsError(`the header ${what} (character ${this.at} of ${this.text.length})`);
  }
}

import { isNode, isPair, isScalar, Lexer, LineCounter, parseDocument, Parser, type Document } from 'yaml';
import type { z } from 'zod';

import { isModelName, listModels } from '../../models/catalogue';
import { CardinalError, check, invalidArgument, InvalidArgumentError, unknownChoice } from '../../src/errors';
import { resolveRecipe, type Recipe } from '../../src/train/recipe';
import { definitionSchema, keysOf, type ExperimentDefinition } from './definition';

type Path = readonly PropertyKey[];

/** Of an experiment's file: some thousands of combinations, each in a line. */
export const MOST_BYTES = 2 ** 17;
// An experiment has five, each of which YAML's parser may count three times; each further one takes memory and stack.
const DEEPEST = 64;

/**
 * An experiment from the text of its file, YAML or JSON. Only plain values are read: YAML's core schema without tags.
 *
 * @param file what messages call it; they name line and column too
 * @throws InvalidArgumentError for what is no YAML, is longer or nested deeper than an experiment, has a key that no experiment has, or names a model or a recipe that is
 *   not there
 *
 * @example
 * const definition = parseDefinition('name: toys\nmatrix: { model: [resnet_toy], seed: [1, 2] }', 'toys.yaml');
 */
export function parseDefinition(text: string, file: string): ExperimentDefinition {
  check(text.length <= MOST_BYTES, file, `an experiment of at most ${MOST_BYTES} characters`, text.length);
  const tooDeep = placeTooDeep(text);
  if (tooDeep !== undefined) throw new InvalidArgumentError(`${file}:${tooDeep}: it is nested too deeply.`);
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: 'core', lineCounter: lines, prettyErrors: false });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [flaw] = [...document.errors, ...document.warnings];
  if (flaw !== undefined) throw new InvalidArgumentError(`${place(flaw.pos[0])}: ${flaw.message}.`);
  const at = (path: Path): string => [place(offsetOf(document, path)), ...named(path)].join(': ');
  const { success, data, error } = definitionSchema.safeParse(plainValue(document, file));
  if (!success) throw problem(error.issues[0], document, at);
  checkNames(data, at);
  checkRecipes(data, at);
  return data;
}

/** Line and column from which on a text is nested deeper than any experiment; found token by token, before it is all parsed. */
function placeTooDeep(text: string): string | undefined {
  const lines = new LineCounter();
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const token of new Lexer().lex(text)) {
    // Driven to its end; what it has parsed is not wanted here.
    Array.from(parser.next(token));
    if (parser.stack.length <= DEEPEST) continue;
    const { line, col } = lines.linePos(parser.offset);
    return `${line}:${col}`;
  }
  return undefined;
}

/** Path as a person would write it: `include[0].recipe`; nothing for the whole of the file. */
function named(path: Path): string[] {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text === '' ? [] : [text.replace(/^\./, '')];
}

function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS() as unknown;
  } catch (error) {
    // Aliases are followed only now.
    throw new InvalidArgumentError(`${file}: ${(error as Error).message}.`);
  }
}

/** Where a value begins, or the deepest that is there of those around it; for a key, where that begins. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const items = (parent as { items?: readonly unknown[] } | undefined)?.items ?? [];
    const pair = items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key);
    const node = isPair(pair) ? pair.key : typeof key === 'number' ? items[key] : undefined;
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function problem(
  issue: z.core.$ZodIssue,
  document: Document,
  at: (path: Path) => string,
): InvalidArgumentError {
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys;
    return unknownChoice(at([...issue.path, key]), key, keysOf(issue.path[0]));
  }
  const received = issue.path.length === 0 ? document.toJS() : document.getIn(issue.path, true);
  return invalidArgument(
    at(issue.path),
    issue.message,
    isNode(received) ? received.toJS(document) : received,
  );
}

function checkNames(definition: ExperimentDefinition, at: (path: Path) => string): void {
  const recipes = Object.keys(definition.recipes ?? {});
  const checkName = (path: Path, kind: 'model' | 'recipe', name: string): void => {
    if (kind === 'model' && !isModelName(name)) throw unknownChoice(at(path), name, listModels());
    if (kind === 'recipe' && !recipes.includes(name)) throw unknownChoice(at(path), name, recipes);
  };
  for (const kind of ['model', 'recipe'] as const) {
    definition.matrix?.[kind]?.forEach((name, i) => checkName(['matrix', kind, i], kind, name));
    for (const part of ['include', 'exclude'] as const) {
      definition[part]?.forEach((combination, i) => {
        const name = combination[kind];
        if (name !== undefined) checkName([part, i, kind], kind, name);
      });
    }
  }
}

function checkRecipes({ recipes = {} }: ExperimentDefinition, at: (path: Path) => string): void {
  for (const [name, recipe] of Object.entries(recipes)) {
    if ('seed' in recipe) {
      throw invalidArgument(
        at(['recipes', name, 'seed']),
        'no seed in a recipe: matrix.seed has them',
        recipe.seed,
      );
    }
    try {
      resolveRecipe(recipe as Partial<Recipe>);
    } catch (error) {
      if (!(error instanceof CardinalError)) throw error;
      // It begins with the part that is wrong, or with `recipe` for one that no recipe has.
      const key = Object.keys(recipe).find((part) => error.message.startsWith(`${part}: `));
      const path = key === undefined ? ['recipes', name] : ['recipes', name, key];
      const reason = error.message.replace(new RegExp(`^(recipe|${key}): `), '');
      throw new InvalidArgumentError(`${at(path)}: ${reason}`);
    }
  }
}

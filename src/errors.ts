import { closest, distance } from 'fastest-levenshtein';
import { kindText } from './kind-of';

/** Anything that this package refuses or fails to do; `message` is one sentence fit for a person. */
export class CardinalError extends Error {
  override name = 'CardinalError';
}

/** An argument that cannot be used. The command line answers it with exit code 2, other errors with 1. */
export class InvalidArgumentError extends CardinalError {
  override name = 'InvalidArgumentError';
}

/** Work that a person stopped, after what was done had been saved. The command line answers it with exit code 130. */
export class InterruptedError extends CardinalError {
  override name = 'InterruptedError';
}

/**
 * The error for a bad argument, in the one form that all of them have:
 * `groups: expected a divisor of the 8 input channels (1, 2, 4, 8). Received: 3.`
 *
 * @param argument the name of the argument, as the caller wrote it
 * @param expectation what would have been right, the nearest valid choice included
 * @param received the value that came
 *
 * @example
 * throw invalidArgument('epochs', 'a whole number of at least 1', 'x');
 */
export function invalidArgument(
  argument: string,
  expectation: string,
  received: unknown,
): InvalidArgumentError {
  return new InvalidArgumentError(`${argument}: expected ${expectation}. Received: ${describe(received)}.`);
}

/** Throws the error of {@link invalidArgument} unless `condition` holds. */
export function check(
  condition: boolean,
  argument: string,
  expectation: string,
  received: unknown,
): asserts condition {
  if (!condition) throw invalidArgument(argument, expectation, received);
}

/**
 * The choice that a person most likely meant, or `undefined` when none is near.
 *
 * @example
 * nearest('resnext29_8x64', ['resnext29_8x64d', 'mobilenet_v2_cifar']); // 'resnext29_8x64d'
 */
export function nearest(name: string, choices: readonly string[]): string | undefined {
  if (choices.length === 0) return undefined;
  const found = closest(name.toLowerCase(), [...choices]);
  const tolerated = Math.max(2, Math.ceil(Math.max(name.length, found.length) * 0.4));
  return distance(name.toLowerCase(), found.toLowerCase()) <= tolerated ? found : undefined;
}

/**
 * The error for a name that is not among `choices`; it suggests the nearest one.
 *
 * @param near the one to suggest, where the caller knows more than letters
 */
export function unknownChoice(
  argument: string,
  name: unknown,
  choices: readonly string[],
  near: string | undefined = typeof name === 'string' ? nearest(name, choices) : undefined,
): InvalidArgumentError {
  const hint = near === undefined ? '' : ` (did you mean '${near}'?)`;
  return invalidArgument(argument, `one of ${choices.join(', ')}${hint}`, name);
}

/**
 * Names for an error message: all, or the first of very many and how many more there are.
 *
 * @example
 * listed(['a', 'b', 'c'], 2); // 'a, b, and 1 more'
 */
export function listed(names: readonly string[], most = 40): string {
  const more = names.length > most ? `, and ${names.length - most} more` : '';
  return `${names.slice(0, most).join(', ')}${more}`;
}

const LONGEST_JSON = 300;

function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'number') return String(value); // JSON has no NaN and no Infinity
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  const kind = typeof value === 'object' && value !== null ? kindText(value) : undefined;
  if (kind !== undefined) return kind;
  try {
    const json = JSON.stringify(value) ?? String(value);
    return json.length > LONGEST_JSON ? `${json.slice(0, LONGEST_JSON)}…` : json;
  } catch {
    return String(value);
  }
}

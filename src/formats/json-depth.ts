import { CardinalError } from '../errors';

/** Nests as deeply as models within models do, many times over; more is an attack on the stack. */
const DEEPEST = 256;

/**
 * Refuses JSON that is nested so deeply that whoever walks it by recursion could run out of stack.
 *
 * @throws CardinalError
 */
export function checkDepth(json: unknown): void {
  let level: unknown[] = [json];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) throw new CardinalError(`it is nested too deeply: more than ${DEEPEST} levels`);
    level = level.flatMap((value) => {
      if (typeof value !== 'object' || value === null) return [];
      return Array.isArray(value) ? value.filter(isNested) : Object.values(value).filter(isNested);
    });
  }
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

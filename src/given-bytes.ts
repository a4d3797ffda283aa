import { invalidArgument } from './errors';

/**
 * The bytes that a caller gave as such: a `Uint8Array`, of which a `Buffer` is one, another view, or an `ArrayBuffer`, as
 * `fetch` and `Blob` give it.
 *
 * @param expectation what would have been right, and which call takes what else there may be
 * @throws InvalidArgumentError for anything else
 */
export function givenBytes(given: unknown, argument: string, expectation: string): Uint8Array {
  if (given instanceof Uint8Array) return given;
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (isBuffer(given)) return new Uint8Array(given);
  throw invalidArgument(argument, expectation, given);
}

/** By what it calls itself, as there are several realms in Node and in a browser, each with its own class. */
function isBuffer(given: unknown): given is ArrayBufferLike {
  return /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(given));
}

import * as util from 'node:util';

type AnyUtil = Record<string, unknown>;

/**
 * Gives back to Node's `util` the two functions that tfjs-node 4.22 calls and that Node 23 took away:
 * `isNullOrUndefined` and `isArray`. Where Node still has them nothing is touched. It must run before the first
 * tensor is made on the TensorFlow backend; {@link loadTfjsNode} and `useBackend` see to that.
 *
 * @param target the module object to complete, Node's own `util` unless a test passes another
 *
 * @example
 * installNodeShims(); // only needed by programs that require '@tensorflow/tfjs-node' themselves
 * const tf = require('@tensorflow/tfjs-node');
 */
export function installNodeShims(target: AnyUtil = nodeUtil()): void {
  const lacking: AnyUtil = {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: (value: unknown) => Array.isArray(value),
  };
  for (const [name, shim] of Object.entries(lacking)) {
    if (typeof target[name] === 'function') continue;
    Object.defineProperty(target, name, { value: shim, configurable: true, writable: true });
  }
}

// `import * as` yields a frozen view of the module; tfjs-node reads the CommonJS object behind it.
function nodeUtil(): AnyUtil {
  return (util as unknown as { default?: AnyUtil }).default ?? (util as unknown as AnyUtil);
}

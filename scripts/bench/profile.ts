import { nodeBackend, withMethods, type Binding } from '../../src/backends/tensorflow/compile/binding';

/** What one operation of TensorFlow came to in a profiled run. */
export interface OperationTime {
  /** TensorFlow's name; `(JavaScript)` for all time outside of operations. */
  readonly operation: string;
  readonly calls: number;
  /** Wall time, of all calls together. */
  readonly milliseconds: number;
}

/** What a wrapper costs is small against an operation, but not against JavaScript between two of them. */
const OUTSIDE = '(JavaScript)';

/**
 * Wall time by operation while `run` runs, slowest first, on the `tensorflow` backend, whose operations are synchronous.
 *
 * @example
 * profileOperations(() => step()).slice(0, 10).forEach((row) => console.log(row));
 */
export function profileOperations(run: () => void): OperationTime[] {
  const backend = nodeBackend();
  const { binding } = backend;
  const rows = new Map<string, { calls: number; milliseconds: number }>();
  const executeOp: Binding['executeOp'] = (name, ...rest) => {
    const start = performance.now();
    try {
      return binding.executeOp(name, ...rest);
    } finally {
      const row = rows.get(name) ?? { calls: 0, milliseconds: 0 };
      rows.set(name, {
        calls: row.calls + 1,
        milliseconds: row.milliseconds + performance.now() - start,
      });
    }
  };
  const start = performance.now();
  withMethods(backend, { executeOp }, run);
  const total = performance.now() - start;
  const operations = [...rows].map(([operation, row]) => ({ operation, ...row }));
  const inside = operations.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return [...operations, { operation: OUTSIDE, calls: 0, milliseconds: total - inside }].sort(
    (a, b) => b.milliseconds - a.milliseconds,
  );
}

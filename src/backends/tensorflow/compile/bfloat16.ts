import { readFileSync } from 'node:fs';
import { NotCompilableError } from '../../step-compiler';

const INSTRUCTIONS = ['avx512_bf16', 'amx_bf16'];

/**
 * Without instructions of its own TensorFlow leaves a graph in float32, or computes bfloat16 more slowly than that.
 *
 * @throws NotCompilableError unless the processor multiplies bfloat16 by itself
 */
export function requireBfloat16(): void {
  const flags = processorFlags();
  if (INSTRUCTIONS.some((name) => flags.has(name))) return;
  throw new NotCompilableError(`the processor has none of ${INSTRUCTIONS.join(', ')}`);
}

/** Empty where the system does not tell. */
function processorFlags(): ReadonlySet<string> {
  try {
    const [, flags = ''] = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
    return new Set(flags.trim().split(' '));
  } catch {
    return new Set();
  }
}

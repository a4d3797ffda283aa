import { NotCompilableError } from '../../step-compiler';
import { processorFlags } from '../processor-flags';

const INSTRUCTIONS = ['avx512_bf16', 'amx_bf16'];

/**
 * Without instructions of its own TensorFlow leaves a graph in float32, or computes bfloat16 more slowly than that.
 *
 * @throws NotCompilableError unless the processor multiplies bfloat16 by itself
 */
export function requireBfloat16(): void {
  const reason = whyNoBfloat16();
  if (reason !== undefined) throw new NotCompilableError(reason);
}

/** What the processor lacks to multiply bfloat16 by itself, or `undefined` where it does. */
export function whyNoBfloat16(): string | undefined {
  const flags = processorFlags();
  if (INSTRUCTIONS.some((name) => flags.has(name))) return undefined;
  return `the processor has none of ${INSTRUCTIONS.join(', ')}`;
}

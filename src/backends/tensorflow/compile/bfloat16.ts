import { NotCompilableError } from '../../step-compiler';
import { processorFlags } from '../processor-flags';

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

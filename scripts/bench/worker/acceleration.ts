import { accelerate } from '../../../src/backends/accelerate';

/**
 * Switches on what makes ours ours, beyond native grouped kernels: the one place where contestant `cardinal` differs
 * from `stock` for the whole process.
 */
export function switchOn(): void {
  accelerate();
}

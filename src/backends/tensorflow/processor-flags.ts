import { readFileSync } from 'node:fs';

/** The instruction sets that the processor says it has, such as `avx512f`; none where the system does not tell. */
export function processorFlags(): ReadonlySet<string> {
  try {
    const [, flags = ''] = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
    return new Set(flags.trim().split(' '));
  } catch {
    return new Set(); // another system
  }
}

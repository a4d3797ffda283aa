import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { processorFlags } from '../../src/backends/tensorflow/processor-flags';
import { packageRoot } from '../cli/package-root';
import { packageVersion } from '../package-version';

/** What the numbers were measured on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  /** The vector instructions that matter here and that the processor has. */
  readonly flags: readonly string[];
}

/** Which state of this repository was measured. */
export interface Commit {
  readonly version: string;
  /** `null` outside of a repository. */
  readonly hash: string | null;
  /** Whether files differed from the commit, results of earlier benchmarks aside. */
  readonly isDirty: boolean;
}

const FLAGS = ['avx2', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_tile'];

/**
 * How much of the processors was busy over some milliseconds, from 0 to 1. Before contestants start that is what others
 * do, which no taking of turns evens out: threads that wait for each other suffer more from it than those that do not.
 */
export async function busyShare(milliseconds = 1_000): Promise<number> {
  const totals = () => {
    const times = cpus().map(({ times: { idle, ...busy } }) => ({ idle, busy: Object.values(busy) }));
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    return { idle: sum(times.map(({ idle }) => idle)), busy: sum(times.flatMap(({ busy }) => busy)) };
  };
  const before = totals();
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  const after = totals();
  const [busy, idle] = [after.busy - before.busy, after.idle - before.idle];
  return busy + idle === 0 ? 0 : busy / (busy + idle);
}

export function thisMachine(): Machine {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    platform: `${process.platform}-${process.arch}`,
    flags: FLAGS.filter((flag) => processorFlags().has(flag)),
  };
}

export function thisCommit(): Commit {
  const changed = git('status', '--porcelain', '--', '.', ':!docs/results');
  return {
    version: packageVersion(),
    hash: git('rev-parse', 'HEAD') ?? null,
    isDirty: (changed ?? '') !== '',
  };
}

function git(...args: string[]): string | undefined {
  try {
    const output = execFileSync('git', args, { cwd: packageRoot(), stdio: ['ignore', 'pipe', 'ignore'] });
    return output.toString().trim();
  } catch {
    return undefined; // no git, or no repository
  }
}

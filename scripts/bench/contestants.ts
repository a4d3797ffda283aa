import { join } from 'node:path';
import { packageRoot } from '../cli/package-root';
import type { Command } from './contestant-process';
import { BARE_ONNXRUNTIME, COMPILED, ENGINE } from './protocol';

/** What a table calls a contestant, and how to start it. */
export interface Contestant {
  readonly name: string;
  readonly title: string;
  readonly command: Command;
  /** Whether it is a Python peer, which is only there with `--peers`. */
  readonly isPeer: boolean;
}

/** Where the programs are that contestants run in. */
export interface Programs {
  /** The compiled `worker/index.ts`. */
  readonly worker: string;
  /** A Python interpreter that has the peers, if there is one. */
  readonly python?: string;
  /** Threads that each may compute with. */
  readonly threads: number;
}

/** glibc gives memory of large arrays back to the system at once, and has it zeroed again for the next one. */
const KEEP_MEMORY = { MALLOC_MMAP_THRESHOLD_: '1073741824', MALLOC_TRIM_THRESHOLD_: '4294967296' };

const PEERS = {
  pytorch: { title: 'PyTorch', env: {} },
  'pytorch-malloc': { title: 'PyTorch, allocator set', env: KEEP_MEMORY },
  'pytorch-compile': { title: 'torch.compile', env: {} },
  keras: { title: 'Keras', env: {} },
  onnxruntime: { title: 'ONNX Runtime', env: {} },
} as const;

export type PeerName = keyof typeof PEERS;

/** The contestant that every ratio is relative to. */
export const OURS = 'cardinal';

/** This package, switched on; the first of every comparison. */
export function ours(programs: Programs, implementation = 'auto'): Contestant {
  return {
    name: OURS,
    title: 'tfjs-cardinal',
    isPeer: false,
    command: workerCommand(programs, 'tensorflow', implementation),
  };
}

/** This package, with all that a step does in one call of the backend. */
export function compiled(programs: Programs): Contestant {
  return {
    name: COMPILED,
    title: 'tfjs-cardinal, compiled',
    isPeer: false,
    command: workerCommand(programs, 'tensorflow', COMPILED),
  };
}

/** This package's ways to predict, all but the one that every ratio is relative to. */
export function engines(programs: Programs): Contestant[] {
  const contestants = [
    ['predict', 'model.predict, accelerated', 'auto'],
    ['tfjs', 'engine tfjs', `${ENGINE}tfjs`],
    ['tensorflow', 'engine tensorflow', `${ENGINE}tensorflow`],
    ['onnxruntime-node', 'onnxruntime-node by itself', BARE_ONNXRUNTIME],
  ] as const;
  return contestants.map(([name, title, implementation]) => {
    return { name, title, isPeer: false, command: workerCommand(programs, 'tensorflow', implementation) };
  });
}

/** TensorFlow.js without this package: the textbook split and concatenation, stock layers, stock gradients. */
export function stock(programs: Programs): Contestant {
  return {
    name: 'stock',
    title: 'stock tfjs-node',
    isPeer: false,
    command: workerCommand(programs, 'tensorflow', 'stock'),
  };
}

/** One strategy of grouped convolution on one backend. */
export function strategy(programs: Programs, backend: string, name: string): Contestant {
  return { name, title: name, isPeer: false, command: workerCommand(programs, backend, name) };
}

/** The Python peers of these names; none where there is no Python that has them. */
export function peers(programs: Programs, names: readonly PeerName[]): Contestant[] {
  const { python, threads } = programs;
  if (python === undefined) return [];
  return names.map((name) => {
    const { title, env } = PEERS[name];
    const program = name === 'pytorch-malloc' ? 'pytorch' : name;
    const script = join(packageRoot(), 'scripts', 'bench', 'peers', 'worker.py');
    const command = {
      program: python,
      args: [script, program, String(threads)],
      env: { ...threadSettings(threads), ...env, PYTHONDONTWRITEBYTECODE: '1' },
    };
    return { name, title, command, isPeer: true };
  });
}

function workerCommand({ worker, threads }: Programs, backend: string, implementation: string): Command {
  return {
    program: process.execPath,
    args: [worker, backend, implementation],
    env: threadSettings(threads),
  };
}

function threadSettings(threads: number): Record<string, string> {
  return {
    OMP_NUM_THREADS: String(threads),
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: String(threads),
  };
}

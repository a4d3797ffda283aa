import * as tf from '@tensorflow/tfjs';
import type { Command } from 'commander';
import { readdirSync, statSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { loadTfjsNode, tensorflowVersion } from '../../../src/backends/tensorflow/load-tfjs-node';
import { useBackend } from '../../../src/backends/use-backend-node';
import { usableCacheFolder } from '../../../src/data/cache-folder';
import { ownKernelsState, whyNoOwnKernels, type OwnKernelsState } from '../../../src/ops/own-kernels';
import { nativeGradientsWork } from '../../../src/ops/strategies/native';
import { adviceOnGradients } from '../../composed-gradients';
import { colors, print, printJson } from '../output';
import { columnsOf, wrapped } from '../wrap';

const THREAD_SETTINGS = ['OMP_NUM_THREADS', 'TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS'] as const;

interface Report {
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  readonly tfjs: string;
  readonly tfjsNode: string | null;
  readonly tensorflow: string | null;
  readonly backend: string;
  readonly oneDNN: boolean | null;
  readonly nativeGroupedGradients: boolean;
  readonly ownKernels: OwnKernelsState;
  /** Why this package's own kernels do not run; null where they do. */
  readonly noOwnKernels: string | null;
  readonly threads: { readonly cores: number; readonly settings: Record<string, string> };
  readonly cache: {
    readonly folder: string;
    readonly bytes: number;
    readonly entries: { readonly name: string; readonly bytes: number }[];
  };
  readonly missing: string[];
}

export function register(program: Command): void {
  program
    .command('doctor')
    .description(
      'Show versions, the backend, whether gradients of grouped convolution are native, threads, cache folders, ' +
        'and what is missing and what to do about it.',
    )
    .option('--json', 'print the report as a JSON object')
    .addHelpText('after', '\nExamples:\n  $ npx cardinal doctor\n  $ npx cardinal doctor --json')
    .action(async ({ json }: { json?: boolean }) => {
      const report = await examine();
      if (json) printJson(report);
      else print(describe(report));
    });
}

async function examine(): Promise<Report> {
  const { backend, missing } = await useBackend('auto');
  const native = backend === 'tensorflow';
  const nativeGroupedGradients = native && nativeGradientsWork();
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    tfjs: tf.version.tfjs,
    tfjsNode: native ? loadTfjsNode().version['tfjs-node'] : null,
    tensorflow: native ? tensorflowVersion() : null,
    backend,
    // On a CPU nothing but oneDNN has these gradients, so the probe answers for it, whatever the settings say.
    oneDNN: native ? nativeGroupedGradients : null,
    nativeGroupedGradients,
    ownKernels: ownKernelsState(),
    noOwnKernels: whyNoOwnKernels() ?? null,
    threads: { cores: availableParallelism(), settings: threadSettings() },
    cache: measureCache(),
    missing: native && !nativeGroupedGradients ? [...missing, adviceOnGradients()] : missing,
  };
}

function threadSettings(): Record<string, string> {
  const set = THREAD_SETTINGS.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(set.filter((pair): pair is [(typeof pair)[0], string] => pair[1] !== undefined));
}

function measureCache(): Report['cache'] {
  const folder = usableCacheFolder();
  const entries = namesIn(folder).map((name) => ({ name, bytes: bytesOf(join(folder, name)) }));
  return { folder, bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0), entries };
}

function bytesOf(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.size;
  return namesIn(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // not made yet
  }
}

function describe(report: Report): string {
  const { threads, cache } = report;
  const settings = Object.entries(threads.settings).map(([name, value]) => `${name}=${value}`);
  const rows: [string, string][] = [
    ['Node', `${report.node} on ${report.platform}`],
    ['processor', `${report.processor}, ${threads.cores} cores`],
    ['TensorFlow.js', report.tfjs + (report.tfjsNode === null ? '' : `, tfjs-node ${report.tfjsNode}`)],
    ['TensorFlow', report.tensorflow ?? 'not available'],
    ['backend', report.backend],
    ['oneDNN', report.oneDNN === null ? 'not available' : report.oneDNN ? 'on' : 'off'],
    ['grouped gradients', report.nativeGroupedGradients ? 'native (probed)' : 'composed of stock ops'],
    ['own kernels', report.noOwnKernels === null ? 'direct, winograd' : `none: ${report.noOwnKernels}`],
    ['thread settings', settings.length > 0 ? settings.join(', ') : 'none, the backend takes all cores'],
    ['cache', `${cache.folder} (${megabytes(cache.bytes)})`],
    ...cache.entries.map(({ name, bytes }): [string, string] => ['', `${name} (${megabytes(bytes)})`]),
  ];
  const lines = rows.map(([name, value]) => `${colors.bold(name.padEnd(18))}${value}`);
  const problems = report.missing.map((text) => `${colors.yellow('missing'.padEnd(18))}${text}`);
  const text = [...lines, ...(problems.length > 0 ? problems : [colors.green('nothing is missing')])].join(
    '\n',
  );
  return wrapped(text, columnsOf(process.stdout), 18);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

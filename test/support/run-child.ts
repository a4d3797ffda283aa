import { execFile } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';

/**
 * Builds a TypeScript file into one that Node runs, inside the package so that it finds the packages, and returns its
 * path. Whoever built it removes it.
 */
export function buildChild(source: string): string {
  const folder = join(__dirname, '..', '..', 'node_modules', '.cache', 'cardinal-tests');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${basename(source, '.ts')}-${process.pid}.js`);
  buildSync({ entryPoints: [source], bundle: true, platform: 'node', packages: 'external', outfile });
  return outfile;
}

/**
 * Runs a TypeScript file in a Node of its own, with the real environment and what is added to it, and returns the JSON that
 * it wrote.
 */
export async function runChild<T>(source: string, added: NodeJS.ProcessEnv = {}): Promise<T> {
  const built = buildChild(source);
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [built], {
      env: { ...process.env, ...added },
    });
    return JSON.parse(stdout) as T;
  } finally {
    rmSync(built);
  }
}

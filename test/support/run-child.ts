import { execFile } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';

/**
 * Runs a TypeScript file in a Node of its own, with the real environment and what is added to it, and returns the JSON that
 * it wrote.
 */
export async function runChild<T>(source: string, added: NodeJS.ProcessEnv = {}): Promise<T> {
  // Inside the package, so that it finds the packages.
  const folder = join(__dirname, '..', '..', 'node_modules', '.cache', 'cardinal-tests');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${basename(source, '.ts')}-${process.pid}.js`);
  buildSync({ entryPoints: [source], bundle: true, platform: 'node', packages: 'external', outfile });
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [outfile], {
      env: { ...process.env, ...added },
    });
    return JSON.parse(stdout) as T;
  } finally {
    rmSync(outfile);
  }
}

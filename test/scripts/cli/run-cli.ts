import { spawn } from 'node:child_process';
import { buildSync } from 'esbuild';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..', '..');
const BUNDLES = join(ROOT, 'node_modules', '.cache', 'cardinal-tests');

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

let bundle: string | undefined;

/**
 * Runs the command line as a person does, in a process of its own, from the sources as they are now.
 *
 * @param options.closeStdout close the reading end of stdout at once, as `head -0` does
 */
export function runCli(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; closeStdout?: boolean } = {},
): Promise<Outcome> {
  bundle ??= makeBundle();
  const { env = {}, cwd, closeStdout = false } = options;
  const child = spawn(process.execPath, [bundle, ...args], { env: { ...process.env, ...env }, cwd });
  let [stdout, stderr] = ['', ''];
  if (closeStdout) child.stdout.destroy();
  child.stdout.on('data', (chunk: Buffer) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => (stderr += String(chunk)));
  return new Promise((resolve) => child.on('close', (code) => resolve({ stdout, stderr, code })));
}

// Inside the package, so that it finds the packages and package.json that the built file would find.
function makeBundle(): string {
  mkdirSync(BUNDLES, { recursive: true });
  const outfile = join(BUNDLES, `cli-${process.pid}.js`);
  const entry = join(ROOT, 'scripts', 'cli', 'index.ts');
  buildSync({ entryPoints: [entry], bundle: true, platform: 'node', packages: 'external', outfile });
  return outfile;
}

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

export const SETUP_FOLDER = join(__dirname, '..', '..', 'scripts', 'setup');

interface Outcome {
  /** What the script passed to `answer`, by way of JSON. */
  readonly answer: unknown;
  readonly stderr: string;
  readonly code: number | null;
}

/**
 * Runs lines of JavaScript as a module in a Node of its own, as set-up runs: jest's sandbox has no ES modules. `load(name)`
 * imports `scripts/setup/<name>.mjs`, `input` is what is given here, `answer(value)` hands a value back.
 */
export function runModule(
  lines: string,
  input: unknown = {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<Outcome> {
  return finish(startModule(lines, input, env));
}

/** As {@link runModule}, for a script that is to be killed. */
export function startModule(
  lines: string,
  input: unknown = {},
  env: NodeJS.ProcessEnv = process.env,
): ChildProcess {
  const script = `
    const load = (name) => import(${JSON.stringify(`file://${SETUP_FOLDER}/`)} + name + '.mjs');
    const input = ${JSON.stringify(input)};
    const answer = (value) => process.stdout.write(JSON.stringify(value ?? null));
    ${lines}`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Waits for such a script and collects what came of it. */
export function finish(child: ChildProcess): Promise<Outcome> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (stdout += String(chunk)));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += String(chunk)));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ answer: stdout === '' ? undefined : JSON.parse(stdout), stderr, code });
    });
  });
}

import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

const running = new Set();

/**
 * Runs a program to its end and collects what it says.
 *
 * @param signal an AbortSignal that stops it
 * @returns `{ code, output }`; `code` is null after a signal and 127 where the program does not start
 */
export function runCommand(
  command,
  args,
  { cwd, env = process.env, inherit = false, shell = false, signal } = {},
) {
  return new Promise((resolve) => {
    // Standard output of children joins stderr: stdout belongs to the command that runs after set-up.
    const stdio = inherit ? ['ignore', 2, 2] : ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd, env, stdio, shell, signal });
    running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk) => {
        output = (output + chunk).slice(-20_000);
      });
    }
    const end = (result) => {
      running.delete(child);
      resolve(result);
    };
    child.on('error', (error) => end({ code: 127, output: error.message }));
    child.on('close', (code) => end({ code, output }));
  });
}

/** Stops every program that {@link runCommand} has under way. */
export function stopCommands() {
  for (const child of running) child.kill();
}

/** The full path of a program, or undefined where `PATH` has no such executable file. */
export function findProgram(name, env = process.env) {
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd', '.bat', ''] : [''];
  const folders = isAbsolute(name) ? [''] : (env.PATH ?? '').split(delimiter).filter(Boolean);
  for (const folder of folders) {
    for (const suffix of suffixes) {
      const path = folder === '' ? name + suffix : join(folder, name + suffix);
      try {
        accessSync(path, constants.X_OK);
        if (statSync(path).isFile()) return path;
      } catch {
        // Not here; the next folder may have it.
      }
    }
  }
  return undefined;
}

/** The last lines of a program's output, where compilers and pip name the cause. */
export function lastLines(output, count = 4) {
  return output.trim().split('\n').slice(-count).join('\n  ');
}

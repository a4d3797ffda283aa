import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SetupProblem } from './problem.mjs';
import { runCommand } from './run-command.mjs';
import { writeFileWhole } from './temporary.mjs';

const STAMP = join('node_modules', '.cardinal-packages');

/**
 * Whether the installed packages are those of package-lock.json. A stamp answers at once; without a fitting one, the
 * record that npm itself leaves in node_modules is compared, so that an `npm install` by hand is not done again.
 */
export function arePackagesInstalled(root) {
  const wanted = stampOf(root);
  if (readOrEmpty(join(root, STAMP)) === wanted) return true;
  if (!matchesLock(root)) return false;
  writeFileWhole(join(root, STAMP), wanted);
  return true;
}

/**
 * Installs the packages of package-lock.json.
 *
 * @throws SetupProblem when npm fails
 */
export async function installPackages(root, { env, reporter }) {
  reporter.say('installing packages (npm ci)');
  // The tools that build and test are needed whatever NODE_ENV or npm's own settings say.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code } = await runNpm(args, { cwd: root, env });
  if (code !== 0) throw new SetupProblem(`npm ci failed (exit code ${code}); npm's own message is above`);
  writeFileWhole(join(root, STAMP), stampOf(root));
}

function runNpm(args, { cwd, env }) {
  // Under `npm start` and `npm test` the very npm that was called is used again.
  const script = env.npm_execpath;
  if (script && basename(script) === 'npm-cli.js' && existsSync(script)) {
    return runCommand(process.execPath, [script, ...args], { cwd, env, inherit: true });
  }
  return runCommand('npm', args, { cwd, env, inherit: true, shell: process.platform === 'win32' });
}

function stampOf(root) {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const hash = createHash('sha256').update(lock).digest('hex');
  return `${hash} ${process.platform}-${process.arch}\n`;
}

function matchesLock(root) {
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  const locked = readPackages(join(root, 'package-lock.json'));
  if (installed === undefined || locked === undefined) return false;
  return Object.entries(locked).every(([path, { version, optional, link, peer }]) => {
    if (path === '' || link) return true;
    if (!(path in installed)) return optional === true || peer === true;
    return installed[path].version === version && existsSync(join(root, path));
  });
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function readOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

#!/usr/bin/env node
// Makes a clone ready to run: packages, TensorFlow's native library, the build. Needs nothing but Node, since it runs
// before anything is installed; all that it says goes to stderr. Doing nothing takes a fraction of a second.
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, isBuilt } from './setup/build.mjs';
import { usableCacheFolder } from './setup/cache-folder.mjs';
import { withLock } from './setup/lock.mjs';
import { findTfjsNode, provideNative } from './setup/native.mjs';
import { arePackagesInstalled, installPackages } from './setup/packages.mjs';
import { SetupProblem } from './setup/problem.mjs';
import { makeReporter } from './setup/reporter.mjs';
import { stopCommands } from './setup/run-command.mjs';

const HELP = `Usage: node scripts/setup.mjs [--quiet]

Makes this clone ready: installs the packages of package-lock.json, provides TensorFlow's native library to tfjs-node,
compiles its addon and builds dist. What is done already is not done again.

  --quiet  say nothing when there is nothing to do
  --help   show this

Environment:
  TFJS_CARDINAL_CACHE         the folder for downloads and compiled files
  TFJS_CARDINAL_NO_NATIVE=1   leave the native library out; everything runs on the WASM backend
  CXX                         the C++ compiler

Exit codes: 0 ready, also without the native library; 1 packages or build failed; 2 wrong usage; 128 and the number of the
signal that stopped it: 129 SIGHUP, 130 SIGINT (Ctrl-C), 143 SIGTERM.
`;

const root = fileURLToPath(new URL('..', import.meta.url));
const reporter = makeReporter();

async function main(args) {
  const unknown = args.find((word) => !['--quiet', '--help', '-h'].includes(word));
  if (unknown !== undefined) {
    process.stderr.write(`error: unknown option '${unknown}'. Valid options are --quiet and --help.\n`);
    return 2;
  }
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP);
    return 0;
  }
  const quiet = args.includes('--quiet');
  const startedAt = Date.now();
  const env = process.env;
  if (!arePackagesInstalled(root) || !isBuilt(root)) {
    const onWait = (who) => reporter.say(`waiting for another set-up of this clone (${who})`);
    await withLock(cloneLock(), () => preparePackages(env), { onWait });
    const native = await prepareNative(env, quiet);
    // Built last: an error of ours in the sources should not keep the library from being there.
    await withLock(cloneLock(), () => prepareBuild(env), { onWait });
    if (!quiet) sayState(native, startedAt);
    return 0;
  }
  const native = await prepareNative(env, quiet);
  if (!quiet) sayState(native, startedAt);
  return 0;
}

async function preparePackages(env) {
  if (!arePackagesInstalled(root)) await installPackages(root, { env, reporter });
}

async function prepareBuild(env) {
  if (!isBuilt(root)) await build(root, { env, reporter });
}

async function prepareNative(env, quiet) {
  const tfjsNode = findTfjsNode(root);
  if (tfjsNode === undefined) throw new SetupProblem('node_modules has no @tensorflow/tfjs-node');
  const cache = usableCacheFolder(env, reporter.say);
  const native = await provideNative(tfjsNode, { cache, env, reporter, quiet });
  if (native.state === 'missing' && !native.known) {
    const effect = native.usable
      ? "TensorFlow's native library cannot be renewed, so the one from before stays in use:"
      : "TensorFlow's native library is missing, so everything runs on the WASM backend, which is slower:";
    reporter.say(effect);
    for (const reason of native.reasons) reporter.say(`  - ${reason}`);
    reporter.say('  With that mended, the same command sets it up.');
  }
  return native;
}

function sayState({ state, usable }, startedAt) {
  const backend = { missing: 'WASM backend', off: 'WASM backend, as TFJS_CARDINAL_NO_NATIVE=1 asks' }[state];
  const wasm = !usable && backend;
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  reporter.say(`ready (${wasm || 'native TensorFlow'}; ${seconds} s)`);
}

// Beside no file of the clone, so that a killed set-up leaves nothing that git would show.
function cloneLock() {
  return join(tmpdir(), `tfjs-cardinal-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`);
}

for (const [signal, code] of [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.once(signal, () => {
    stopCommands();
    process.stderr.write('\n');
    process.exit(code);
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const text = error instanceof SetupProblem ? error.message : (error.stack ?? String(error));
  process.stderr.write(`error: ${text}\n`);
  process.exitCode = 1;
}

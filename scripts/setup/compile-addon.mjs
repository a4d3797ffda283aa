import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupProblem } from './problem.mjs';
import { findProgram, lastLines, runCommand } from './run-command.mjs';
import { makeFolder, moveFolderInPlace, temporaryName } from './temporary.mjs';

const SOURCES = ['tfjs_backend.cc', 'tfjs_binding.cc'];
const COMPILE_FLAGS = ['-std=c++17', '-O2', '-fPIC', '-DNAPI_VERSION=8'];
/** tfjs-node's sources get their session options from session-options.cc. */
const BINDING_FLAGS = ['-DTF_NewSessionOptions=cardinal_new_session_options'];
const LINK_FLAGS = ['-shared', '-Wl,-rpath,$ORIGIN/../../deps/lib'];
const COMPILERS = ['c++', 'g++', 'clang++'];

const ours = (name) => fileURLToPath(new URL(name, import.meta.url));
const QUIET_SOURCE = ours('quiet-tensorflow.cc');
const OPTIONS_SOURCE = ours('session-options.cc');

/** The addon of tfjs-node. */
export const ADDON = 'tfjs_binding.node';

/** Ours, see quiet-tensorflow.cc. */
export const QUIET_ADDON = 'quiet_tensorflow.node';

/** What is said where no C++ compiler is found. */
export const NO_COMPILER = `no C++ compiler (looked for $CXX, ${COMPILERS.join(', ')}): install one, on Debian or Ubuntu 'apt install g++'`;

/** The words that start a C++ compiler, or undefined where there is none. */
export function findCompiler(env) {
  const choices = env.CXX ? [env.CXX.trim().split(/\s+/)] : COMPILERS.map((name) => [name]);
  for (const [name, ...args] of choices) {
    const program = findProgram(name, env);
    if (program !== undefined) return [program, ...args];
  }
  return undefined;
}

/**
 * A name for all that decides what comes out of the compiler: tfjs-node's sources, the library, the headers of
 * Node-API and the flags. An addon that is kept under another name is of no use.
 */
export function addonKey(tfjsNode, wheel) {
  const hash = createHash('sha256');
  const parts = [wheel.sha256, apiHeaders().version, ...COMPILE_FLAGS, ...BINDING_FLAGS, ...LINK_FLAGS];
  hash.update(JSON.stringify(parts));
  for (const source of [QUIET_SOURCE, OPTIONS_SOURCE]) hash.update(readFileSync(source));
  for (const name of readdirSync(join(tfjsNode, 'binding')).sort()) {
    hash.update(`\n${name}\n`).update(readFileSync(join(tfjsNode, 'binding', name)));
  }
  return hash.digest('hex').slice(0, 24);
}

/** Where an addon is kept, in the cache folder, so that a second clone need not compile it. */
export function keptAddon(key, cache) {
  return join(cache, 'addons', key);
}

/**
 * Compiles tfjs-node's binding against the library, and the addon that quiets it. Returns the folder with both.
 *
 * @throws SetupProblem when there is no compiler or it fails
 */
export async function compileAddon(tfjsNode, library, key, cache, { env, reporter }) {
  const folder = keptAddon(key, cache);
  const isGood = (path) => [ADDON, QUIET_ADDON].every((name) => existsSync(join(path, name)));
  if (isGood(folder)) return folder;
  const compiler = findCompiler(env);
  if (compiler === undefined) throw new SetupProblem(NO_COMPILER);
  reporter.say('compiling the addon of tfjs-node (about 10 s)');
  const temporary = temporaryName(folder);
  makeFolder(temporary);
  try {
    const run = (...options) => compile(compiler, env, options);
    const compileOne = (source, object, flags = []) => {
      const includes = [join(library, 'include'), apiHeaders().include].map((path) => `-I${path}`);
      return run(...COMPILE_FLAGS, ...flags, ...includes, '-c', source, '-o', object);
    };
    const bindings = SOURCES.map((name) => join(temporary, name.replace(/\.cc$/, '.o')));
    const [options, quiet] = ['options.o', 'quiet.o'].map((name) => join(temporary, name));
    await Promise.all([
      ...SOURCES.map((name, i) => compileOne(join(tfjsNode, 'binding', name), bindings[i], BINDING_FLAGS)),
      compileOne(OPTIONS_SOURCE, options),
      compileOne(QUIET_SOURCE, quiet),
    ]);
    const libraries = readdirSync(join(library, 'lib')).map((name) => join(library, 'lib', name));
    await run(...LINK_FLAGS, ...bindings, options, ...libraries, '-o', join(temporary, ADDON));
    await run(...LINK_FLAGS, quiet, '-ldl', '-o', join(temporary, QUIET_ADDON));
    for (const object of [...bindings, options, quiet]) rmSync(object);
    moveFolderInPlace(temporary, folder, isGood);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return folder;
}

async function compile([program, ...args], env, options) {
  const { code, output } = await runCommand(program, [...args, ...options], { env });
  if (code !== 0) {
    throw new SetupProblem(`${program} cannot compile the addon. It said:\n  ${lastLines(output, 8)}`);
  }
}

function apiHeaders() {
  const manifest = createRequire(import.meta.url).resolve('node-api-headers/package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  return { version, include: join(dirname(manifest), 'include') };
}

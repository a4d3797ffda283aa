import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupProblem } from './problem.mjs';
import { findProgram, lastLines, runCommand } from './run-command.mjs';
import { makeFolder, moveFolderInPlace, temporaryName } from './temporary.mjs';

const BINDING_SOURCES = ['tfjs_backend.cc', 'tfjs_binding.cc'];
const COMPILE_FLAGS = ['-std=c++17', '-O2', '-fPIC', '-DNAPI_VERSION=8'];
/** What tfjs-node's sources call instead of these functions of TensorFlow; each is in one of SESSION_SOURCES. */
const STAND_INS = {
  TF_NewSessionOptions: 'cardinal_new_session_options',
  TF_LoadSessionFromSavedModel: 'cardinal_load_session',
  TF_SessionRun: 'cardinal_run_session',
  TF_DeleteSession: 'cardinal_delete_session',
};
const BINDING_FLAGS = Object.entries(STAND_INS).map(([name, standIn]) => `-D${name}=${standIn}`);
// Node unloads an addon when the last worker thread that loaded it ends. TensorFlow keeps what was registered with it, calls
// what stands in for functions of its own, and cannot be loaded a second time.
const LINK_FLAGS = ['-shared', '-Wl,-rpath,$ORIGIN/../../deps/lib', '-Wl,-z,nodelete'];
const COMPILERS = ['c++', 'g++', 'clang++'];

const ours = (name) => fileURLToPath(new URL(name, import.meta.url));
const QUIET_SOURCE = ours('quiet-tensorflow.cc');
const SESSION_SOURCES = [
  'session-options.cc',
  'awake/sessions.cc',
  'awake/threads.cc',
  'awake/relink.cc',
].map(ours);
const SESSION_HEADERS = ['awake/threads.h', 'awake/relink.h'].map(ours);
const KERNELS_SOURCE = ours('kernels/addon.cc');
const KERNELS_HEADERS = readdirSync(ours('kernels'))
  .filter((name) => name.endsWith('.h'))
  .sort()
  .map((name) => ours(`kernels/${name}`));

/** The addon of tfjs-node. */
export const ADDON = 'tfjs_binding.node';

/** Ours, see quiet-tensorflow.cc. */
export const QUIET_ADDON = 'quiet_tensorflow.node';

/** Ours, with our own kernels: see kernels/addon.cc. */
export const KERNELS_ADDON = 'cardinal_kernels.node';

/** All that are compiled together, in the order in which they are tried: each must load. */
export const ADDONS = [QUIET_ADDON, ADDON, KERNELS_ADDON];

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
 * A name for all that decides what comes out of the compiler: tfjs-node's sources and ours, the library, the
 * headers of Node-API and the flags. An addon that is kept under another name is of no use.
 */
export function addonKey(tfjsNode, wheel) {
  const hash = createHash('sha256');
  const parts = [wheel.sha256, apiHeaders().version, ...COMPILE_FLAGS, ...BINDING_FLAGS, ...LINK_FLAGS];
  hash.update(JSON.stringify(parts));
  const sources = [QUIET_SOURCE, ...SESSION_SOURCES, ...SESSION_HEADERS, KERNELS_SOURCE, ...KERNELS_HEADERS];
  for (const source of sources) {
    hash.update(`\n${basename(source)}\n`).update(readFileSync(source));
  }
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
 * Compiles tfjs-node's binding against the library, the addon that quiets it and the one with our kernels. Returns the folder
 * with all three.
 *
 * @throws SetupProblem when there is no compiler or it fails
 */
export async function compileAddon(tfjsNode, library, key, cache, { env, reporter }) {
  const folder = keptAddon(key, cache);
  const isGood = (path) => ADDONS.every((name) => existsSync(join(path, name)));
  if (isGood(folder)) return folder;
  const compiler = findCompiler(env);
  if (compiler === undefined) throw new SetupProblem(NO_COMPILER);
  reporter.say('compiling the addon of tfjs-node and our kernels (about 15 s)');
  const temporary = temporaryName(folder);
  makeFolder(temporary);
  try {
    const run = (...options) => compile(compiler, env, options);
    const compileOne = (source, object, flags = []) => {
      const includes = [join(library, 'include'), apiHeaders().include].map((path) => `-I${path}`);
      return run(...COMPILE_FLAGS, ...flags, ...includes, '-c', source, '-o', object);
    };
    const libraries = readdirSync(join(library, 'lib')).map((name) => join(library, 'lib', name));
    const objects = join(temporary, 'objects');
    makeFolder(objects);
    const compileAll = (sources, flags) =>
      Promise.all(
        sources.map(async (source) => {
          const object = join(objects, `${basename(source, '.cc')}.o`);
          await compileOne(source, object, flags);
          return object;
        }),
      );
    const [binding, session, quiet, kernels] = await Promise.all([
      compileAll(
        BINDING_SOURCES.map((name) => join(tfjsNode, 'binding', name)),
        BINDING_FLAGS,
      ),
      compileAll(SESSION_SOURCES),
      compileAll([QUIET_SOURCE]),
      compileAll([KERNELS_SOURCE]),
    ]);
    await run(...LINK_FLAGS, ...binding, ...session, ...libraries, '-o', join(temporary, ADDON));
    await run(...LINK_FLAGS, ...quiet, '-ldl', '-o', join(temporary, QUIET_ADDON));
    await run(...LINK_FLAGS, ...kernels, ...libraries, '-o', join(temporary, KERNELS_ADDON));
    rmSync(objects, { recursive: true });
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

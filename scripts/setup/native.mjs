import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { addonKey, compileAddon, findCompiler, keptAddon, NO_COMPILER } from './compile-addon.mjs';
import { findPip, NO_PIP } from './download-wheel.mjs';
import { addonPath, hasAddon, installAddon, loadFailure, readStamp, writeStamp } from './install-addon.mjs';
import { withLock } from './lock.mjs';
import { isLibraryWhole, libraryFolder, provideLibrary } from './native-library.mjs';
import { NATIVE_PLATFORMS, pinnedWheel } from './pinned-wheel.mjs';
import { SetupProblem } from './problem.mjs';
import { makeFolder, removeAbandoned } from './temporary.mjs';

// How long a set-up that runs before another command (`--quiet`) leaves a failed download or compilation alone.
const RETRY_AFTER_MS = 3_600_000;

/**
 * Gives an installed tfjs-node its native library: libtensorflow in the cache folder, and an addon compiled against
 * it. Does nothing where that is done, and leaves alone an addon from elsewhere that loads, unless `force`.
 *
 * @param tfjsNode the folder of the package
 * @param findFailure tells why an addon does not load; a test has none that does
 * @param quiet do not try again what failed within the last hour
 * @returns `{ state, reasons }`: `ready` (nothing to do), `made`, `kept` (an addon from elsewhere, which loads),
 *   `off` (TFJS_CARDINAL_NO_NATIVE=1) or `missing`, with one reason for each thing that is missing
 *   and `usable`, whether an older addon that is there still loads
 */
export async function provideNative(
  tfjsNode,
  {
    cache,
    env = process.env,
    reporter,
    force = false,
    quiet = false,
    wheel = pinnedWheel(),
    findFailure = loadFailure,
  },
) {
  if (env.TFJS_CARDINAL_NO_NATIVE === '1') return { state: 'off', reasons: [] };
  const key = keyOf(tfjsNode, wheel);
  const stamp = readStamp(tfjsNode);
  if (!force && stamp?.intact) {
    if (stamp.addon === 'compiled' && stamp.key === key) return { state: 'ready', reasons: [] };
    if (stamp.addon === 'own') return { state: 'kept', reasons: [] };
    if (quiet && stamp.addon === 'missing' && stamp.key === missingKey(key, env)) {
      const age = Date.now() - stamp.at;
      if (age >= 0 && age < RETRY_AFTER_MS) return { state: 'missing', reasons: stamp.reasons, known: true };
    }
  }
  try {
    if (!force && stamp?.addon !== 'compiled' && hasAddon(tfjsNode)) {
      if ((await findFailure(addonPath(tfjsNode), env)) === undefined) {
        writeStamp(tfjsNode, { key, addon: 'own' });
        return { state: 'kept', reasons: [] };
      }
    }
    await checkNeeds(tfjsNode, key, cache, { env, wheel });
    const onWait = (who) => reporter.say(`waiting for another set-up (${who})`);
    const work = () => make(tfjsNode, key, cache, { env, reporter, wheel, findFailure });
    await withLock(join(cache, 'setup.lock'), work, { onWait });
    return { state: 'made', reasons: [] };
  } catch (error) {
    const reasons = reasonsOf(error);
    const usable = hasAddon(tfjsNode) && (await findFailure(addonPath(tfjsNode), env)) === undefined;
    rememberMissing(tfjsNode, missingKey(key, env), reasons);
    return { state: 'missing', reasons, usable };
  }
}

async function make(tfjsNode, key, cache, { env, reporter, wheel, findFailure }) {
  removeAbandoned(cache);
  removeAbandoned(join(cache, 'addons'));
  const library = await provideLibrary(wheel, cache, { env, reporter });
  const kept = keptAddon(key, cache);
  if (existsSync(kept)) {
    try {
      return await installAddon(tfjsNode, kept, library, key, { env, findFailure });
    } catch {
      // Kept from another machine or damaged: compiled anew below.
      rmSync(kept, { recursive: true, force: true });
    }
  }
  const addons = await compileAddon(tfjsNode, library, key, cache, { env, reporter });
  await installAddon(tfjsNode, addons, library, key, { env, findFailure });
  reporter.say(`TensorFlow ${wheel.version} is ready`);
}

/** Finds all that is missing at once, before 270 MB are downloaded in vain. */
async function checkNeeds(tfjsNode, key, cache, { env, wheel }) {
  const platform = `${process.platform}-${process.arch}`;
  if (!wheel) {
    throw new SetupProblem(
      `no pinned TensorFlow wheel for ${platform} (there is one for ${NATIVE_PLATFORMS.join(', ')})`,
    );
  }
  const reasons = [];
  if (!hasGlibc(wheel.minimumGlibc)) {
    reasons.push(
      `the C library is not glibc ${wheel.minimumGlibc.join('.')} or later, which TensorFlow needs`,
    );
  }
  if (!existsSync(keptAddon(key, cache)) && findCompiler(env) === undefined) reasons.push(NO_COMPILER);
  const unpacked = isLibraryWhole(wheel, libraryFolder(wheel, cache));
  if (!unpacked && !existsSync(join(cache, wheel.fileName)) && (await findPip(env)) === undefined) {
    reasons.push(NO_PIP);
  }
  reasons.push(
    ...[writeProblem(cache, 'TFJS_CARDINAL_CACHE names another'), writeProblem(tfjsNode)].filter(Boolean),
  );
  if (reasons.length > 0) throw new SetupProblem(...reasons);
}

function hasGlibc([major, minor]) {
  if (process.platform !== 'linux') return true;
  const report = process.report;
  report.excludeNetwork = true;
  const version = report.getReport().header.glibcVersionRuntime;
  if (version === undefined) return false;
  const [haveMajor, haveMinor] = version.split('.').map(Number);
  return haveMajor > major || (haveMajor === major && haveMinor >= minor);
}

function writeProblem(folder, advice) {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch (error) {
    return `the folder ${folder} cannot be written (${error.code})${advice ? `; ${advice}` : ''}`;
  }
}

function keyOf(tfjsNode, wheel) {
  return wheel ? addonKey(tfjsNode, wheel) : 'none';
}

// Whoever has installed a compiler or pip since, or changed PATH, is served at once.
function missingKey(key, env) {
  const found = ['CXX', 'PATH', 'TFJS_CARDINAL_CACHE'].map((name) => env[name] ?? '');
  const compiler = findCompiler(env)?.join(' ') ?? '';
  return createHash('sha256')
    .update([key, compiler, ...found].join('\n'))
    .digest('hex');
}

function rememberMissing(tfjsNode, key, reasons) {
  try {
    writeStamp(tfjsNode, { key, addon: 'missing', at: Date.now(), reasons });
  } catch {
    // A folder that cannot be written is among the reasons already.
  }
}

function reasonsOf(error) {
  if (error instanceof SetupProblem) return error.reasons;
  if (error.code === 'ENOSPC')
    return [`the disk is full (${error.path ?? 'while writing'}); 1.2 GB are needed`];
  return [error.message];
}

/** The version of an installed tfjs-node, or undefined where the folder holds none. */
export function tfjsNodeVersion(tfjsNode) {
  try {
    const manifest = JSON.parse(readFileSync(join(tfjsNode, 'package.json'), 'utf8'));
    return manifest.name === '@tensorflow/tfjs-node' ? manifest.version : undefined;
  } catch {
    return undefined;
  }
}

/** The folder of the tfjs-node that a program in `folder` would load, or undefined. */
export function findTfjsNode(folder) {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', '@tensorflow', 'tfjs-node');
    if (tfjsNodeVersion(candidate) !== undefined) return candidate;
    if (dirname(at) === at) return undefined;
  }
}

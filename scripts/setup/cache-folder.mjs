import { accessSync, constants, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { makeFolder } from './temporary.mjs';

/**
 * The folder that keeps downloads and compiled files between clones: `$TFJS_CARDINAL_CACHE`, else the platform's
 * place for caches, else one among the temporary files. src/data/cache-folder.ts has the same rule for the library.
 */
export function cacheFolder(env = process.env, platform = process.platform, home = homeFolder()) {
  if (env.TFJS_CARDINAL_CACHE) return resolve(env.TFJS_CARDINAL_CACHE);
  if (env.XDG_CACHE_HOME) return resolve(env.XDG_CACHE_HOME, 'tfjs-cardinal');
  if (platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'tfjs-cardinal', 'Cache');
  if (home === undefined) return temporaryCache();
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'tfjs-cardinal');
  if (platform === 'win32') return join(home, 'AppData', 'Local', 'tfjs-cardinal', 'Cache');
  return join(home, '.cache', 'tfjs-cardinal');
}

/** {@link cacheFolder}, if it can be written or holds something; else a folder among the temporary files, and `say` hears why. */
export function usableCacheFolder(env, say) {
  const folder = cacheFolder(env);
  const problem = env.TFJS_CARDINAL_CACHE ? undefined : writeProblem(folder);
  if (problem === undefined || holdsSomething(folder)) return folder;
  const instead = temporaryCache();
  say(
    `the cache folder ${folder} cannot be written (${problem}): ${instead} is taken for now; TFJS_CARDINAL_CACHE names another`,
  );
  return instead;
}

function homeFolder() {
  for (const find of [homedir, () => userInfo().homedir]) {
    try {
      const home = find();
      if (isAbsolute(home)) return home;
    } catch {
      // The user has no entry.
    }
  }
  return undefined;
}

// Of this user alone: what others could write here would be loaded into the process.
function temporaryCache() {
  const user = process.getuid?.();
  const folder = join(tmpdir(), `tfjs-cardinal${user === undefined ? '' : `-${user}`}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch {
    // It is there, or cannot be made, which whoever writes there is told.
  }
  const found = lstatSync(folder, { throwIfNoEntry: false });
  const isOwn = user === undefined || (found?.uid === user && (found.mode & 0o022) === 0);
  return found === undefined || (found.isDirectory() && isOwn) ? folder : mkdtempSync(`${folder}-`);
}

function writeProblem(folder) {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch (error) {
    return error.code ?? 'unknown';
  }
}

function holdsSomething(folder) {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

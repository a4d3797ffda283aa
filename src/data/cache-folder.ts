import { accessSync, constants, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';

/** What {@link cacheFolder} goes by; the running process by default. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  /** `undefined` where the user has none. */
  home: string | undefined;
}

/**
 * Where this package keeps what it fetched and could fetch again. The folder need not exist.
 *
 * `$TFJS_CARDINAL_CACHE` if set; else `tfjs-cardinal` in `$XDG_CACHE_HOME`; else what the platform has for it:
 * `~/.cache`, on macOS `~/Library/Caches`, on Windows `%LOCALAPPDATA%`; else, for a user without a home, a folder of the user's own
 * among the temporary files. `scripts/setup/cache-folder.mjs` has the same rule for the set-up, which runs before anything is built.
 *
 * @example
 * cacheFolder(); // '/home/ada/.cache/tfjs-cardinal'
 */
export function cacheFolder(surroundings: Partial<Surroundings> = {}): string {
  const { env = process.env, platform = process.platform } = surroundings;
  const home = 'home' in surroundings ? surroundings.home : homeFolder();
  if (env.TFJS_CARDINAL_CACHE) return resolve(env.TFJS_CARDINAL_CACHE);
  if (env.XDG_CACHE_HOME) return resolve(env.XDG_CACHE_HOME, 'tfjs-cardinal');
  if (platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'tfjs-cardinal', 'Cache');
  if (home === undefined) return temporaryCache();
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'tfjs-cardinal');
  if (platform === 'win32') return join(home, 'AppData', 'Local', 'tfjs-cardinal', 'Cache');
  return join(home, '.cache', 'tfjs-cardinal');
}

/**
 * {@link cacheFolder}, if it can be written or holds something; else a folder among the temporary files, which is said once on
 * stderr. One that `$TFJS_CARDINAL_CACHE` names is never another's.
 */
export function usableCacheFolder(): string {
  const folder = cacheFolder();
  const problem = process.env.TFJS_CARDINAL_CACHE ? undefined : writeProblem(folder);
  if (problem === undefined || holdsSomething(folder)) return folder;
  const instead = temporaryCache();
  sayOnce(
    `the cache folder ${folder} cannot be written (${problem}): ${instead} is taken for now; TFJS_CARDINAL_CACHE names another`,
  );
  return instead;
}

/** The user's home, where there is one: neither an empty `$HOME` nor the folder that one is in, which a relative path would mean. */
function homeFolder(): string | undefined {
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

/** Of this user alone: what others could write here would be loaded into the process. */
function temporaryCache(): string {
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

/** Why a folder cannot be made or written, as the system's code. */
function writeProblem(folder: string): string | undefined {
  try {
    if (!existsSync(folder)) makeFolderSync(folder);
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

// Node's own `recursive` never returns under /proc.
function makeFolderSync(folder: string): void {
  if (dirname(folder) !== folder && !existsSync(dirname(folder))) makeFolderSync(dirname(folder));
  mkdirSync(folder);
}

function holdsSomething(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0;
  } catch {
    return false;
  }
}

const said = new Set<string>();

function sayOnce(text: string): void {
  if (said.has(text)) return;
  said.add(text);
  process.stderr.write(`${text}\n`);
}

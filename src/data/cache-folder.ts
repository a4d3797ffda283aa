import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** What {@link cacheFolder} goes by; the running process by default. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  home: string;
}

/**
 * Where this package keeps what it fetched and could fetch again. The folder need not exist.
 *
 * `$TFJS_CARDINAL_CACHE` if set; else `tfjs-cardinal` in `$XDG_CACHE_HOME`; else what the platform has for it:
 * `~/.cache`, on macOS `~/Library/Caches`, on Windows `%LOCALAPPDATA%`. `scripts/setup/cache-folder.mjs` has the same rule for the
 * set-up, which runs before anything is built.
 *
 * @example
 * cacheFolder(); // '/home/ada/.cache/tfjs-cardinal'
 */
export function cacheFolder(surroundings: Partial<Surroundings> = {}): string {
  const { env = process.env, platform = process.platform, home = homedir() } = surroundings;
  if (env.TFJS_CARDINAL_CACHE) return resolve(env.TFJS_CARDINAL_CACHE);
  if (env.XDG_CACHE_HOME) return resolve(env.XDG_CACHE_HOME, 'tfjs-cardinal');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'tfjs-cardinal');
  if (platform === 'win32') {
    return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'tfjs-cardinal', 'Cache');
  }
  return join(home, '.cache', 'tfjs-cardinal');
}

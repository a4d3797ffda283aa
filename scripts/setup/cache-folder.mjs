import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * The folder that keeps downloads and compiled files between clones: `$TFJS_CARDINAL_CACHE`, else the platform's
 * place for caches. src/data/cache-folder.ts has the same rule for the library.
 */
export function cacheFolder(env = process.env, platform = process.platform, home = homedir()) {
  if (env.TFJS_CARDINAL_CACHE) return resolve(env.TFJS_CARDINAL_CACHE);
  if (env.XDG_CACHE_HOME) return resolve(env.XDG_CACHE_HOME, 'tfjs-cardinal');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'tfjs-cardinal');
  if (platform === 'win32') {
    return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'tfjs-cardinal', 'Cache');
  }
  return join(home, '.cache', 'tfjs-cardinal');
}

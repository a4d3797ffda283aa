import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { cacheFolder } from '../../src/data/cache-folder';

const home = '/home/ada';

describe('cacheFolder', () => {
  it.each<[string, Record<string, string>, NodeJS.Platform, string]>([
    ['the variable of its own', { TFJS_CARDINAL_CACHE: '/c', XDG_CACHE_HOME: '/x' }, 'linux', '/c'],
    ['the XDG variable', { XDG_CACHE_HOME: '/x' }, 'linux', '/x/tfjs-cardinal'],
    [
      '~/.cache for empty variables',
      { TFJS_CARDINAL_CACHE: '', XDG_CACHE_HOME: '' },
      'linux',
      `${home}/.cache/tfjs-cardinal`,
    ],
    ['~/Library/Caches on macOS', {}, 'darwin', `${home}/Library/Caches/tfjs-cardinal`],
    ['LOCALAPPDATA on Windows', { LOCALAPPDATA: '/l' }, 'win32', join('/l', 'tfjs-cardinal', 'Cache')],
    ['AppData on Windows without it', {}, 'win32', join(home, 'AppData', 'Local', 'tfjs-cardinal', 'Cache')],
  ])('goes by %s', (_, env, platform, expected) => {
    expect(cacheFolder({ env, platform, home })).toBe(expected);
  });

  it('makes a relative folder absolute, so that a later change of directory does not move the cache', () => {
    expect(cacheFolder({ env: { TFJS_CARDINAL_CACHE: 'c' } })).toBe(resolve('c'));
  });

  it.each<[string, Record<string, string>]>([
    ['nothing set', {}],
    ['TFJS_CARDINAL_CACHE', { TFJS_CARDINAL_CACHE: '/c' }],
    ['XDG_CACHE_HOME', { XDG_CACHE_HOME: '/x' }],
    ['a relative folder', { TFJS_CARDINAL_CACHE: 'c' }],
  ])('is the folder that the set-up uses, with %s', (_, variables) => {
    const env = { HOME: home, LOCALAPPDATA: '/l', ...variables };
    const module = JSON.stringify(resolve(__dirname, '../../scripts/setup/cache-folder.mjs'));
    const program = `import(${module}).then((rule) => process.stdout.write(rule.cacheFolder()))`;
    const setup = execFileSync(process.execPath, ['-e', program], { env, encoding: 'utf8' });
    expect(resolve(setup)).toBe(cacheFolder({ env, home }));
  });
});

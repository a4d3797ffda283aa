import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder of this package, which has its package.json: the clone, or `node_modules/tfjs-cardinal`.
 *
 * @throws Error when no folder above this file has one
 *
 * @example
 * join(packageRoot(), 'scripts', 'setup');
 */
export function packageRoot(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (dirname(folder) === folder) throw new Error(`no package.json above ${__dirname}`);
  }
}

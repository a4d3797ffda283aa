import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { packageRoot } from './cli/package-root';

/** This package's version, as its package.json has it. */
export function packageVersion(): string {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

import { sep } from 'node:path';

import { packageRoot } from './package-root';

/** How a person reaches this command line: through npm in a clone, through npx where the package is installed. */
export function commandPrefix(): string {
  const isInstalled = packageRoot().split(sep).includes('node_modules');
  return isInstalled ? 'npx cardinal' : 'npm run -s cardinal --';
}

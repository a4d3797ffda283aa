import { join } from 'node:path';

import type { loadH5wasm as load } from '../../src/import/load-h5wasm';

/** What src/import/load-h5wasm.ts does by `import()`, which jest does not run: the same file, transformed. */
export const loadH5wasm: typeof load = () => {
  const root = join(__dirname, '../..');
  return Promise.resolve(require(join(root, 'node_modules/h5wasm/dist/esm/hdf5_hl.js')));
};

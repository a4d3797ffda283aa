import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadLayersModel } from '../../../src/export/load-layers-model-node';
import { enableKerasGroups } from '../../../src/import/enable-keras-groups';
import { holdSubject } from '../subject';

// As tensorflowjs_converter writes what Keras has. The program is bundled into the cache folder of the package.
const fixtures = join(process.cwd(), 'test', 'fixtures', 'keras', 'grouped');

enableKerasGroups();
void holdSubject({
  files: Object.fromEntries(
    readdirSync(fixtures).map((name) => [name, new Uint8Array(readFileSync(join(fixtures, name)))]),
  ),
  read: async (folder) => (await loadLayersModel(folder)).dispose() as never,
});

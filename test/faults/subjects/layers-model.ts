import { join } from 'node:path';
import { layersModelFiles } from '../../../src/export/layers-model';
import { loadLayersModel } from '../../../src/export/load-layers-model-node';
import { holdSubject } from '../subject';
import { toyModel } from '../toy-model';

const model = toyModel();
void layersModelFiles(model).then(({ model: json, weights }) => {
  model.dispose();
  return holdSubject({
    files: { 'model.json': new TextEncoder().encode(json), 'weights.bin': weights },
    read: async (folder) => (await loadLayersModel(join(folder, 'model.json'))).dispose() as never,
  });
});

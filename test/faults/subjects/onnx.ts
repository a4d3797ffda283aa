import { join } from 'node:path';

import { toOnnx } from '../../../src/export/onnx';
import { lowerModel } from '../../../src/graph/lower-model';
import { importOnnxFile } from '../../../src/import/onnx-node';
import { smallNetwork } from '../small-network';
import { holdSubject } from '../subject';

const network = smallNetwork();
const bytes = toOnnx(lowerModel(network));
network.dispose();

void holdSubject({
  files: { 'small.onnx': bytes },
  read: async (folder) => {
    (await importOnnxFile(join(folder, 'small.onnx'), { verify: false })).dispose();
  },
});

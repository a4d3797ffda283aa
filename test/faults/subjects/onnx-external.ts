import { join } from 'node:path';

import { toOnnxFiles } from '../../../src/export/onnx';
import { lowerModel } from '../../../src/graph/lower-model';
import { importOnnxFile } from '../../../src/import/onnx-node';
import { smallNetwork } from '../small-network';
import { holdSubject } from '../subject';

const network = smallNetwork();
const written = toOnnxFiles(lowerModel(network), 'small.onnx', { externalData: true });
const files = Object.fromEntries(
  Array.from(written, ([name, content]) => [
    name,
    content instanceof Uint8Array ? content : new Uint8Array(Buffer.concat([...content])),
  ]),
);
network.dispose();

void holdSubject({
  files,
  read: async (folder) => {
    (await importOnnxFile(join(folder, 'small.onnx'), { verify: false })).dispose();
  },
});

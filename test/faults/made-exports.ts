import { basename } from 'node:path';

import { writeExportFiles, writeExportFolder } from '../../src/export/export-target-node';
import { writeSafetensors } from '../../src/safetensors/file-node';

const options = (generation: string) => ({
  overwrite: true,
  check: () => Promise.resolve(),
  card: () => `# ${generation}\n`,
});

/** What writes exports of each shape, all of whose files tell of which time it was written. */
export const EXPORT_WRITES: Readonly<Record<string, (to: string, generation: string) => Promise<unknown>>> = {
  // A LayersModel, a GraphModel, a SavedModel.
  folder: (to, generation) =>
    writeExportFolder(
      to,
      new Map([
        ['model.json', `{"generation": "${generation}"}`],
        ['group1-shard1of2.bin', `${generation} first`],
        ['group1-shard2of2.bin', `${generation} second`],
      ]),
      options(generation),
    ),
  // ONNX in one file, PyTorch's weights.
  file: (to, generation) =>
    writeExportFiles(
      to,
      new Map([[basename(to), generation]]),
      [`${basename(to)}.data`],
      options(generation),
    ),
  // ONNX with external data.
  files: (to, generation) =>
    writeExportFiles(
      to,
      new Map([
        [`${basename(to)}.data`, `${generation} data`],
        [basename(to), generation],
      ]),
      [`${basename(to)}.data`],
      options(generation),
    ),
  // What the public functions write: weights with their list.
  weights: (to, generation) =>
    writeSafetensors(
      to,
      new Map([['a', { shape: [1], data: Float32Array.of(generation.length) }]]),
      new Map([['generation', generation]]),
    ),
};

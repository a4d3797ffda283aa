import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-cpu';
import { unzipSync, zipSync } from 'fflate';
import { loadKerasFile } from '../../../src/import/keras-file-node';
import { type Draw, mutateBytes, mutateJson } from '../mutate';
import { holdSubject } from '../subject';

const FILE = 'model.keras';
// One of Keras's own: layers, operations with constants, and a model within the model.
const fixtures = ['grouped', 'nested', 'zoo'].map(
  (name) => new Uint8Array(readFileSync(join('test', 'fixtures', 'keras', `${name}.keras`))),
);

/** The zip as it is, or one of the files in it and then a zip with the right CRC, so that what is behind that is tried. */
function damage(file: Uint8Array, draw: Draw): Uint8Array {
  const kind = draw();
  if (kind < 0.3) return mutateBytes(file, draw);
  const files = unzipSync(file);
  const [name, mutate] =
    kind < 0.85 ? (['config.json', mutateJson] as const) : (['model.weights.h5', mutateBytes] as const);
  return zipSync({ ...files, [name]: mutate(files[name], draw) }, { level: 0 });
}

void tf.ready().then(() =>
  holdSubject({
    files: { [FILE]: fixtures[0] },
    read: async (folder) => (await loadKerasFile(join(folder, FILE))).dispose() as never,
    mutate: (_, draw) => ({ [FILE]: damage(fixtures[Math.floor(draw() * fixtures.length)], draw) }),
  }),
);

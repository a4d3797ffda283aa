import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { checkDataset } from '../../../src/data/check-dataset';
import { draftDataset, readDatasetFile, writeDatasetFile } from '../../../src/data/dataset-file';
import { CardinalError } from '../../../src/errors';
import { mutateBytes, mutateJson } from '../mutate';
import { holdSubject } from '../subject';

const NAME = 'train.images';
const [DIGEST_AT, DESCRIPTION_AT] = [16, 48];

async function sound(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'cardinal-subject-'));
  try {
    const draft = draftDataset({
      name: 'made/train',
      count: 6,
      imageShape: [4, 5, 3],
      classNames: ['even', 'odd'],
      mean: [0.5, 0.4, 0.3],
      std: [0.2, 0.3, 0.4],
      origin: 'sha512-made',
    });
    draft.dataset.images.forEach((_, i, images) => (images[i] = (i * 37) % 251));
    draft.dataset.labels.set([0, 1, 0, 1, 1, 0]);
    await writeDatasetFile(join(folder, NAME), draft);
    return readFileSync(join(folder, NAME));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The file with another description, the lengths and the checksum as if it had been written so. */
function describedOtherwise(bytes: Buffer, change: (json: Buffer) => Uint8Array): Buffer {
  const end = DESCRIPTION_AT + bytes.readUInt32LE(12);
  const json = change(bytes.subarray(DESCRIPTION_AT, end));
  const changed = Buffer.concat([bytes.subarray(0, DESCRIPTION_AT), json, bytes.subarray(end)]);
  changed.writeUInt32LE(json.length, 12);
  const hash = createHash('sha256').update(changed.subarray(0, DIGEST_AT));
  hash.update(changed.subarray(DESCRIPTION_AT)).digest().copy(changed, DIGEST_AT);
  return changed;
}

void sound().then((bytes) =>
  holdSubject({
    files: { [NAME]: bytes },
    // Half of the damage is of a file whose checksum was made to fit.
    mutate: (_, draw) => ({
      [NAME]:
        draw() < 0.5 ? mutateBytes(bytes, draw) : describedOtherwise(bytes, (json) => mutateJson(json, draw)),
    }),
    read: async (folder) => {
      const reading = await readDatasetFile(join(folder, NAME));
      if (reading.state !== 'sound') throw new CardinalError(JSON.stringify(reading));
      checkDataset(reading.dataset, 'dataset');
    },
  }),
);

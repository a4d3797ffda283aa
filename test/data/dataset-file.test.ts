import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  draftDataset,
  readDatasetFile,
  writeDatasetFile,
  type DatasetDescription,
} from '../../src/data/dataset-file';
import { CardinalError } from '../../src/errors';
import { madeDataset, temporaryFolders } from './made-data';

const folder = temporaryFolders();
const { images, labels, ...described } = madeDataset([0, 1, 1, 2]);
const description: DatasetDescription = { ...described, classNames: ['a', 'é', 'c'], origin: 'sha512-x' };

async function written(): Promise<string> {
  const file = join(folder(), 'train.images');
  const draft = draftDataset(description);
  draft.dataset.images.set(images);
  draft.dataset.labels.set(labels);
  await writeDatasetFile(file, draft);
  return file;
}

describe('a dataset file', () => {
  it('gives back what was written, and nothing else stays in the folder', async () => {
    const file = await written();
    const { origin, ...dataset } = { ...description, images, labels };
    expect(await readDatasetFile(file)).toEqual({ state: 'sound', dataset, origin });
    expect(readdirSync(join(file, '..'))).toEqual(['train.images']);
  });

  it('has the layout that its description says', async () => {
    const bytes = readFileSync(await written());
    expect(bytes.toString('ascii', 0, 8)).toBe('CARDINAL');
    expect(bytes.readUInt32LE(8)).toBe(1);
    const length = bytes.readUInt32LE(12);
    expect(JSON.parse(bytes.toString('utf8', 48, 48 + length))).toEqual(description);
    expect([...bytes.subarray(48 + length)]).toEqual([...images, ...labels]);
  });

  it('is absent where there is none', async () => {
    expect(await readDatasetFile(join(folder(), 'train.images'))).toEqual({ state: 'absent' });
  });

  it('is found damaged wherever a bit is turned, and foreign where that is the version', async () => {
    const file = await written();
    const bytes = readFileSync(file);
    for (let at = 0; at < bytes.length; at++) {
      const turned = Buffer.from(bytes);
      turned[at] ^= 1 << (at % 8);
      writeFileSync(file, turned);
      const expected = at >= 8 && at < 12 ? 'foreign' : 'damaged';
      expect([at, (await readDatasetFile(file)).state]).toEqual([at, expected]);
    }
  });

  it.each([0, 7, 47, 48, 100])('is found damaged when only %d bytes are left', async (length) => {
    const file = await written();
    writeFileSync(file, readFileSync(file).subarray(0, length));
    expect((await readDatasetFile(file)).state).toBe('damaged');
  });

  it('says which checksum it expected and which it received', async () => {
    const file = await written();
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(file, bytes);
    expect(await readDatasetFile(file)).toEqual({
      state: 'damaged',
      reason: expect.stringMatching(/^expected sha256 [0-9a-f]{64}, received [0-9a-f]{64}$/),
    });
  });

  it('is an error that names it when it cannot be read or written at all', async () => {
    const file = join(folder(), 'train.images');
    mkdirSync(file);
    await expect(readDatasetFile(file)).rejects.toThrow(CardinalError);
    await expect(readDatasetFile(file)).rejects.toThrow(
      `${file} could not be read: it is no file but a folder`,
    );
    await expect(writeDatasetFile(file, draftDataset(description))).rejects.toThrow(`cannot write ${file}: `);
    expect(readdirSync(join(file, '..'))).toEqual(['train.images']);
  });
});

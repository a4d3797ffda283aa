import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CardinalError } from '../../src/errors';
import { readSafetensors, writeSafetensors } from '../../src/safetensors/file-node';
import { serialiseSafetensors } from '../../src/safetensors/serialise';
import { SafetensorsError } from '../../src/safetensors/tensor';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'safetensors-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const tensors = new Map([
  ['a', { shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) }],
  ['b', { shape: [3], data: new Uint8Array([7, 8, 9]) }],
]);

test('a file is written as the serialiser has it, and read back', async () => {
  const path = join(folder, 'x.safetensors');
  await writeSafetensors(path, tensors, new Map([['k', 'v']]));
  expect(new Uint8Array(readFileSync(path))).toEqual(serialiseSafetensors(tensors, new Map([['k', 'v']])));
  const read = await readSafetensors(path);
  expect([...(read.tensors.get('a')?.data ?? [])]).toEqual([1, 2, 3, 4, 5, 6]);
  expect([...(read.tensors.get('b')?.data ?? [])]).toEqual([7, 8, 9]);
  expect(readdirSync(folder)).toEqual(['x.safetensors', 'x.safetensors.sha256']);
});

test('a file that is cut is refused by name, and one that is not there too', async () => {
  const path = join(folder, 'x.safetensors');
  await writeSafetensors(path, tensors);
  truncateSync(path, readFileSync(path).length - 1);
  await expect(readSafetensors(path)).rejects.toThrow(SafetensorsError);
  await expect(readSafetensors(path)).rejects.toThrow(`${path} is damaged: "b" ends at byte 27`);
  truncateSync(path, 5);
  await expect(readSafetensors(path)).rejects.toThrow(`${path} is damaged: the file has 5 bytes`);
  await expect(readSafetensors(join(folder, 'y'))).rejects.toThrow('no such file');
  await expect(readSafetensors(folder)).rejects.toThrow(CardinalError);
});

test('a write that fails leaves neither a new file nor a temporary one', async () => {
  writeFileSync(join(folder, 'file'), 'x');
  await expect(writeSafetensors(join(folder, 'file', 'x.safetensors'), tensors)).rejects.toThrow(
    CardinalError,
  );
  await expect(writeSafetensors(join(folder), tensors)).rejects.toThrow('could not be written');
  expect(readdirSync(folder)).toEqual(['file']);
});

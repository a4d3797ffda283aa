import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '../../../src/safetensors/file-node';
import { holdSubject } from '../subject';

async function sound(): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'cardinal-subject-'));
  try {
    const path = join(folder, 'sound.safetensors');
    const tensors = new Map([
      ['layer.weight', { shape: [4, 3], data: Float32Array.from({ length: 12 }, (_, at) => at / 7) }],
      ['layer.bias', { shape: [4], data: Float32Array.of(1, 2, 3, 4) }],
      ['steps', { shape: [], data: BigInt64Array.of(7n) }],
    ]);
    await writeSafetensors(path, tensors, new Map([['format', 'pt']]));
    return new Uint8Array(readFileSync(path));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

void sound().then((bytes) =>
  holdSubject({
    files: { 'model.safetensors': bytes },
    read: async (folder) => void (await readSafetensors(join(folder, 'model.safetensors'))),
  }),
);

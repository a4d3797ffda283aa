import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';

import { decodeImages } from '../../../src/data/decode-image';
import { CardinalError } from '../../../src/errors';

/** Cuts an image off at several moments of its being read, and writes how each reading ended: an error's name, or `read`. */
async function main(folder: string): Promise<void> {
  const path = join(folder, 'cut.png');
  const whole = await sharp({ create: { width: 2500, height: 2000, channels: 3, background: '#a53' } })
    .png({ compressionLevel: 0 })
    .toBuffer();
  const ends: string[] = [];
  for (let round = 0; round < 8; round++) {
    writeFileSync(path, whole);
    const reading = decodeImages([path], { resize: 32, size: 32 }).then(
      () => 'read',
      (error: unknown) => (error instanceof CardinalError ? error.name : `untyped: ${String(error)}`),
    );
    await sleep(round * 6);
    truncateSync(path, 4096);
    ends.push(await reading);
  }
  process.stdout.write(JSON.stringify(ends));
}

void main(process.env.FOLDER!);

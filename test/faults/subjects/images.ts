import { join } from 'node:path';
import sharp from 'sharp';

import { loadImageFolder } from '../../../src/data/image-folder';
import { holdSubject } from '../subject';

async function sound(): Promise<Record<string, Uint8Array>> {
  const photo = (width: number, height: number) => {
    const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i + 7 * i) % 251);
    return sharp(pixels, { raw: { width, height, channels: 3 } });
  };
  return {
    'apple/0.png': await photo(20, 13).png().toBuffer(),
    'apple/1.jpg': await photo(24, 17).jpeg().toBuffer(),
    'pear/0.png': await photo(9, 30).png({ palette: true }).toBuffer(),
    'pear/1.jpg': await photo(16, 16).jpeg({ progressive: true }).withMetadata({ orientation: 6 }).toBuffer(),
    'pear/2.png': await photo(12, 12).toColourspace('b-w').png({ progressive: true }).toBuffer(),
    'apple/2.jpg': await photo(12, 12).toColourspace('cmyk').jpeg().toBuffer(),
  };
}

const OPTIONS = { resize: 10, size: 8, mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.2] };

void sound().then((files) =>
  holdSubject({ files, read: async (folder) => void (await loadImageFolder(join(folder), OPTIONS)) }),
);

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

import { seededRandom } from '../../src/data/random';

/** Class names, in another order than their alphabetical one. */
export const PATTERNS = ['stripes', 'blank', 'dots'] as const;
type Pattern = (typeof PATTERNS)[number];

/** Writes `count` images of each pattern, in random colours, into `folder/PATTERN`; half of them PNG, half JPEG. */
export async function makeImageFolder(
  folder: string,
  { count, seed, width = 32, height = 32 }: { count: number; seed: number; width?: number; height?: number },
): Promise<void> {
  for (const [label, pattern] of PATTERNS.entries()) {
    await mkdir(join(folder, pattern), { recursive: true });
    for (let i = 0; i < count; i++) {
      const pixels = draw(pattern, width, height, seededRandom(seed, label, i).below);
      const image = sharp(pixels, { raw: { width, height, channels: 3 } });
      await image.toFile(join(folder, pattern, i % 2 === 0 ? `${i}.png` : `${i}.jpg`));
    }
  }
}

function draw(pattern: Pattern, width: number, height: number, below: (bound: number) => number): Uint8Array {
  const [dark, light] = [0, 150].map((least) => [0, 1, 2].map(() => least + below(80)));
  const isLight = {
    stripes: (_: number, x: number) => x % 8 < 4,
    blank: () => false,
    dots: (y: number, x: number) => y % 8 < 4 && x % 8 < 4,
  }[pattern];
  const pixels = new Uint8Array(width * height * 3);
  for (let i = 0; i < pixels.length; i++) {
    const [pixel, channel] = [Math.floor(i / 3), i % 3];
    const colour = isLight(Math.floor(pixel / width), pixel % width) ? light : dark;
    pixels[i] = colour[channel] + below(20);
  }
  return pixels;
}

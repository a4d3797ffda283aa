import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

import { seededRandom } from '../../src/data/random';

/** The classes of {@link makeShapesFolder}. */
export const SHAPES = ['disc', 'stripes', 'checks'] as const;

/**
 * Writes `count` images of each shape into `folder/SHAPE`, as a person would who tries a package on something simple:
 * any colour on any other, at any place and of any size, with noise. No pixel and no mean colour tells the class.
 */
export async function makeShapesFolder(
  folder: string,
  { count, seed, size = 48 }: { count: number; seed: number; size?: number },
): Promise<void> {
  for (const [label, shape] of SHAPES.entries()) {
    await mkdir(join(folder, shape), { recursive: true });
    for (let i = 0; i < count; i++) {
      const pixels = draw(shape, size, seededRandom(seed, label, i).below);
      const image = sharp(pixels, { raw: { width: size, height: size, channels: 3 } });
      await image.toFile(join(folder, shape, `${i}.png`));
    }
  }
}

function draw(shape: (typeof SHAPES)[number], size: number, below: (bound: number) => number): Uint8Array {
  const ground = [0, 1, 2].map(() => below(200));
  // Far enough from the ground in each channel to be seen.
  const ink = ground.map((level) => (level + 80 + below(60)) % 230);
  const radius = Math.floor(size / 6) + below(Math.floor(size / 6));
  const [top, left] = [0, 1].map(() => radius + below(size - 2 * radius));
  const half = Math.max(2, Math.floor(size / 16)) + below(Math.max(1, Math.floor(size / 16)));
  const band = (at: number): number => Math.floor(at / half) % 2;
  const isInk = {
    disc: (y: number, x: number) => (y - top) ** 2 + (x - left) ** 2 < radius ** 2,
    stripes: (y: number) => band(y + top) === 0,
    checks: (y: number, x: number) => band(y + top) === band(x + left),
  }[shape];
  return Uint8Array.from({ length: size * size * 3 }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / 3), i % 3];
    const colour = isInk(Math.floor(pixel / size), pixel % size) ? ink : ground;
    return Math.min(255, colour[channel] + below(25));
  });
}

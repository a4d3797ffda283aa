import { createRequire } from 'node:module';
import { cpus } from 'node:os';

import { CardinalError, check } from '../errors';
import { roundHalfToEven } from '../ops/round-half-to-even';

// sharp loads a native library, which most commands can do without.
const requireWhenNeeded = createRequire(__filename);

/** The size that images are brought to. Lengths in pixels. */
export interface ImageSize {
  /** Length that an image's shorter side is scaled to. */
  readonly resize: number;
  /** Side of the square that is then cut out of the centre; at most `resize`. */
  readonly size: number;
  /** `bilinear` by default. */
  readonly interpolation?: 'bilinear' | 'bicubic';
}

// Both average over the pixels that one of the result covers, as Pillow does, which torchvision scales with.
const KERNELS = { bilinear: 'linear', bicubic: 'cubic' } as const;

/**
 * Reads image files, brings them to one size, and puts them side by side: `[count, size, size, 3]`, bytes of red, green and
 * blue. Transparency is ignored, and a camera's note which side is up is heeded.
 *
 * @param onProgress told how many images are done
 * @throws InvalidArgumentError for sizes out of range
 * @throws CardinalError naming a file that cannot be read as an image
 */
export async function decodeImages(
  paths: readonly string[],
  size: ImageSize,
  onProgress?: (done: number) => void,
): Promise<Uint8Array> {
  const positive = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
  check(positive(size.size), 'size', 'a whole number of pixels of at least 1', size.size);
  const atLeast = `a whole number of pixels of at least ${size.size}, the side of the crop`;
  check(positive(size.resize) && size.resize >= size.size, 'resize', atLeast, size.resize);
  const bytes = size.size * size.size * 3;
  const images = new Uint8Array(paths.length * bytes);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < paths.length) {
      const index = next++;
      images.set(await decodeImage(paths[index], size), index * bytes);
      onProgress?.(++done);
    }
  };
  // Enough of them that one is decoded while another is read.
  await Promise.all(Array.from({ length: 2 * cpus().length }, work));
  return images;
}

async function decodeImage(path: string, { resize, size, interpolation }: ImageSize): Promise<Uint8Array> {
  const sharp = requireWhenNeeded('sharp') as typeof import('sharp');
  try {
    const image = sharp(path, { failOn: 'error' });
    const { autoOrient: upright } = await image.metadata();
    const shorter = Math.min(upright.width, upright.height);
    // As torchvision rounds: the longer side down, and the corner of the crop, where it lies between two pixels, to the even.
    const [width, height] = [upright.width, upright.height].map((length) =>
      Math.floor((resize * length) / shorter),
    );
    const [left, top] = [width, height].map((length) => roundHalfToEven((length - size) / 2));
    return await image
      .autoOrient()
      .resize(width, height, {
        fit: 'fill',
        kernel: KERNELS[interpolation ?? 'bilinear'],
        fastShrinkOnLoad: false,
      })
      .extract({ left, top, width: size, height: size })
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer();
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new CardinalError(`${path} could not be read as an image: ${reason}`);
  }
}

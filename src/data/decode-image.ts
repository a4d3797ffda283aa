import { createRequire } from 'node:module';
import { cpus } from 'node:os';

import { CardinalError, check, unknownChoice } from '../errors';
import { roundHalfToEven } from '../ops/round-half-to-even';
import { MOST_PIXELS, notImage, readImageBytes } from './image-bytes';
import { INTERPOLATIONS, resample, type Interpolation, type RgbImage } from './resample';

// sharp loads a native library, which most commands can do without.
const requireWhenNeeded = createRequire(__filename);

/** The size that images are brought to. Lengths in pixels. */
export interface ImageSize {
  /** Length that an image's shorter side is scaled to. */
  readonly resize: number;
  /** Side of the square that is then cut out of the centre; at most `resize`. */
  readonly size: number;
  /** By Pillow's name; `bilinear` by default. */
  readonly interpolation?: Interpolation;
}

// libuv decodes four at a time; with two more, one is read and one scaled meanwhile. More would only fill the memory.
const MOST_AT_ONCE = 6;

/**
 * Reads image files, brings them to one size, and puts them side by side: `[count, size, size, 3]`, bytes of red, green and
 * blue.
 *
 * An image becomes what torchvision's `Resize` and `CenterCrop` make of Pillow's `Image.open(path).convert('RGB')`: the
 * colour profile is not applied, transparency is dropped and leaves the colours beneath it, grey becomes three equal
 * channels, and inks (CMYK) are turned into light by arithmetic alone. Two things are otherwise: a camera's note which
 * side is up is heeded, as by Pillow's `ImageOps.exif_transpose`, and of 16 bits of grey the upper 8 are taken, as
 * TensorFlow does, where Pillow gives white.
 *
 * @param onProgress told how many images are done
 * @throws InvalidArgumentError for sizes out of range or an unknown interpolation
 * @throws CardinalError naming the first file that is no PNG or JPEG image, cannot be decoded, or has more pixels than Pillow would
 *   decode; no further image is begun then, and none is under way any more
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
  const { interpolation = 'bilinear' } = size;
  if (!INTERPOLATIONS.includes(interpolation)) {
    throw unknownChoice('interpolation', interpolation, INTERPOLATIONS);
  }
  const bytes = size.size * size.size * 3;
  const images = new Uint8Array(paths.length * bytes);
  let next = 0;
  let done = 0;
  const failures = new Map<number, unknown>();
  const work = async (): Promise<void> => {
    // After a bad image the others would be decoded in vain.
    while (next < paths.length && failures.size === 0) {
      const index = next++;
      try {
        const image = await decodeImage(paths[index]);
        images.set(scaleAndCrop(image, size.resize, size.size, interpolation), index * bytes);
        if (failures.size === 0) onProgress?.(++done);
      } catch (error) {
        failures.set(index, error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(2 * cpus().length, MOST_AT_ONCE) }, work));
  // They are begun in their order, so that the first bad one is among them, whichever fails first.
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()));
  return images;
}

/** The pixels of a file, upright, as they are stored: nothing is done to the colours that Pillow does not do. */
async function decodeImage(path: string): Promise<RgbImage> {
  const bytes = await readImageBytes(path);
  const sharp = requireWhenNeeded('sharp') as typeof import('sharp');
  try {
    const image = sharp(bytes, {
      failOn: 'error',
      ignoreIcc: true,
      limitInputPixels: false,
    }).autoOrient();
    const { width, height, space } = await image.metadata();
    if (width * height > MOST_PIXELS) {
      throw new CardinalError(
        `its ${width} x ${height} pixels are more than the ${MOST_PIXELS} that an image may have`,
      );
    }
    const inks = space === 'cmyk';
    // libvips would turn inks into light by a colour profile of its own.
    if (inks) image.pipelineColourspace('cmyk').toColourspace('cmyk');
    else image.toColourspace('srgb').removeAlpha();
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    return { pixels: inks ? lightOfInks(data) : data, width: info.width, height: info.height };
  } catch (error) {
    // libvips says where in several lines, once or more.
    throw notImage(
      path,
      (error as Error).message
        .trim()
        .split(/\s*\n\s*/, 2)
        .join(' '),
    );
  }
}

/** Cyan, magenta, yellow and black to red, green and blue: what black leaves, less the share that the ink takes. */
function lightOfInks(inks: Uint8Array): Uint8Array {
  const pixels = new Uint8Array((inks.length / 4) * 3);
  for (let read = 0, write = 0; read < inks.length; read += 4) {
    const left = 255 - inks[read + 3];
    for (let ink = 0; ink < 3; ink++) pixels[write++] = left - Math.round((inks[read + ink] * left) / 255);
  }
  return pixels;
}

/** As torchvision rounds: the longer side down, the corner of a crop between two pixels to the even one. */
function scaleAndCrop(
  image: RgbImage,
  resize: number,
  size: number,
  interpolation: Interpolation,
): Uint8Array {
  const sides = [image.width, image.height] as const;
  const [width, height] = sides.map((length) => Math.floor((resize * length) / Math.min(...sides)));
  const [left, top] = [width, height].map((length) => roundHalfToEven((length - size) / 2));
  return resample(image, [width, height], { left, top, width: size, height: size }, interpolation);
}

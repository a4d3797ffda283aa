/**
 * How the pixels of a scaled image are had, by Pillow's names. All of them average over every pixel that one of a smaller
 * result covers.
 */
export const INTERPOLATIONS = ['box', 'bilinear', 'hamming', 'bicubic', 'lanczos'] as const;
export type Interpolation = (typeof INTERPOLATIONS)[number];

/** Part of an image, in pixels. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** An image of red, green and blue: `[height, width, 3]`, row-major. */
export interface RgbImage {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A window function that is 0 from `support` on, on both sides. */
interface Filter {
  readonly support: number;
  readonly weight: (distance: number) => number;
}

const FILTERS: Readonly<Record<Interpolation, Filter>> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: {
    support: 1,
    weight: (x) => (Math.abs(x) < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)) : 0),
  },
  bicubic: { support: 2, weight: (x) => cubic(Math.abs(x)) },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

// Weights are whole numbers of so small a part that a sum of their products with bytes stays within 32 bits.
const FRACTION_BITS = 22;
const ONE = 2 ** FRACTION_BITS;
const HALF = ONE / 2;

/** Keys, "Cubic convolution interpolation for digital image processing", 1981, with the slope of -1/2 at 1. */
function cubic(x: number): number {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/**
 * A part of an image that is scaled to `width` by `height` pixels; only what is asked for is computed.
 *
 * To the bit what Pillow's `Image.resize` gives, which torchvision and timm scale with: first along the rows, then along the
 * columns, with weights in fixed point and bytes between the two. (Pillow 13 takes images of more than twice the height for
 * their width in the other order, which rounds some levels by 1 otherwise.)
 *
 * @returns `[part.height, part.width, 3]`
 *
 * @example
 * resample({ pixels, width: 500, height: 375 }, [341, 256], { left: 58, top: 16, width: 224, height: 224 }, 'bilinear');
 */
export function resample(
  image: RgbImage,
  [width, height]: readonly [width: number, height: number],
  part: Rectangle,
  interpolation: Interpolation,
): Uint8Array {
  const filter = FILTERS[interpolation];
  const columns = tapsOf(filter, image.width, width, part.left, part.width);
  const rows = tapsOf(filter, image.height, height, part.top, part.height);
  const last = part.height - 1;
  const top = rows.starts[0];
  const bottom = rows.starts[last] + rows.counts[last];
  const between = new Uint8ClampedArray((bottom - top) * part.width * 3);
  filterRows(image, top, columns, between);
  const result = new Uint8ClampedArray(part.height * part.width * 3);
  filterColumns(between, part.width * 3, top, rows, result);
  return new Uint8Array(result.buffer);
}

/** Which pixels of a line each pixel of the scaled one is made of. */
interface Taps {
  /** The first of them. */
  readonly starts: Int32Array;
  /** How many they are. */
  readonly counts: Int32Array;
  /** `[pixels of the result, most]`: their weights, in parts of 2^-22. */
  readonly weights: Int32Array;
  readonly most: number;
}

/** The taps of the `count` pixels from `first` on of a line of `from` pixels that is scaled to `to`. */
function tapsOf({ support, weight }: Filter, from: number, to: number, first: number, count: number): Taps {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const reach = support * stretch;
  const most = Math.ceil(reach) * 2 + 1;
  const starts = new Int32Array(count);
  const counts = new Int32Array(count);
  const weights = new Int32Array(count * most);
  const exact = new Float64Array(most);
  for (let i = 0; i < count; i++) {
    const centre = (first + i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const taps = Math.min(from, Math.trunc(centre + reach + 0.5)) - start;
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      exact[tap] = weight((tap + start - centre + 0.5) * (1 / stretch));
      sum += exact[tap];
    }
    starts[i] = start;
    counts[i] = taps;
    for (let tap = 0; tap < taps; tap++) weights[i * most + tap] = fixedPoint(exact[tap] / sum);
  }
  return { starts, counts, weights, most };
}

/** Rounded half away from zero. */
function fixedPoint(weight: number): number {
  return Math.trunc(weight * ONE + (weight < 0 ? -0.5 : 0.5));
}

/** Scales the rows of an image from `top` on, as many as `target` has room for. */
function filterRows(image: RgbImage, top: number, columns: Taps, target: Uint8ClampedArray): void {
  const { pixels, width } = image;
  const { starts, counts, weights, most } = columns;
  let write = 0;
  for (let from = top * width * 3; write < target.length; from += width * 3) {
    for (let x = 0; x < starts.length; x++) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let read = from + starts[x] * 3;
      const end = x * most + counts[x];
      for (let tap = x * most; tap < end; tap++, read += 3) {
        const weight = weights[tap];
        red = (red + Math.imul(pixels[read], weight)) | 0;
        green = (green + Math.imul(pixels[read + 1], weight)) | 0;
        blue = (blue + Math.imul(pixels[read + 2], weight)) | 0;
      }
      target[write++] = red >> FRACTION_BITS;
      target[write++] = green >> FRACTION_BITS;
      target[write++] = blue >> FRACTION_BITS;
    }
  }
}

/** Scales the columns of lines of `length` bytes, the first of which is row `top` of the image. */
function filterColumns(
  lines: Uint8ClampedArray,
  length: number,
  top: number,
  rows: Taps,
  target: Uint8ClampedArray,
): void {
  const { starts, counts, weights, most } = rows;
  let write = 0;
  for (let y = 0; y < starts.length; y++) {
    const from = (starts[y] - top) * length;
    const end = y * most + counts[y];
    for (let x = 0; x < length; x++) {
      let sum = HALF;
      let read = from + x;
      for (let tap = y * most; tap < end; tap++, read += length) {
        sum = (sum + Math.imul(lines[read], weights[tap])) | 0;
      }
      target[write++] = sum >> FRACTION_BITS;
    }
  }
}

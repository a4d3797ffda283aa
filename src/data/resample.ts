/**
 * How the pixels of a scaled image are had, by Pillow's names. All of them average over every pixel that one of a
 * smaller result covers.
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
 * To the bit what `Image.resize` of Pillow 13 gives, which torchvision and timm scale with: weights in fixed point, and
 * bytes between the two passes. Pillow before 13 began with the rows of tall images too, and where a filter overshoots
 * that shows in the bytes.
 *
 * @returns `[part.height, part.width, 3]`
 *
 * @example
 * const crop = { left: 58, top: 16, width: 224, height: 224 };
 * resample({ pixels, width: 500, height: 375 }, [341, 256], crop, 'bilinear');
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
  const whole = { bytes: image.pixels, stride: image.width * 3, offset: 0 };
  const result = new Uint8ClampedArray(part.height * part.width * 3);
  if (height < image.height && image.height - height > 2 * (image.width - width)) {
    const [left, right] = spanOf(columns);
    const stride = (right - left) * 3;
    const between = new Uint8ClampedArray(part.height * stride);
    filterColumns(whole, left, rows, between);
    filterRows({ bytes: between, stride, offset: -left * 3 }, 0, columns, result);
  } else {
    const [top, bottom] = spanOf(rows);
    const stride = part.width * 3;
    const between = new Uint8ClampedArray((bottom - top) * stride);
    filterRows(whole, top, columns, between);
    filterColumns({ bytes: between, stride, offset: -top * stride }, 0, rows, result);
  }
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

/** The first pixel that any of the taps reads, and the one after the last. */
function spanOf({ starts, counts }: Taps): [first: number, end: number] {
  const last = starts.length - 1;
  return [starts[0], starts[last] + counts[last]];
}

/** Pixels of an image, or of a part of it. */
interface Plane {
  readonly bytes: Uint8Array | Uint8ClampedArray;
  /** Bytes from a row to the next. */
  readonly stride: number;
  /** Where the image's first pixel stands, or would. */
  readonly offset: number;
}

/** Scales rows from `first` on, as many as `target` has room for. */
function filterRows(plane: Plane, first: number, columns: Taps, target: Uint8ClampedArray): void {
  const { bytes, stride, offset } = plane;
  const { starts, counts, weights, most } = columns;
  let write = 0;
  for (let from = offset + first * stride; write < target.length; from += stride) {
    for (let x = 0; x < starts.length; x++) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let read = from + starts[x] * 3;
      const end = x * most + counts[x];
      for (let tap = x * most; tap < end; tap++, read += 3) {
        const weight = weights[tap];
        red = (red + Math.imul(bytes[read], weight)) | 0;
        green = (green + Math.imul(bytes[read + 1], weight)) | 0;
        blue = (blue + Math.imul(bytes[read + 2], weight)) | 0;
      }
      target[write++] = red >> FRACTION_BITS;
      target[write++] = green >> FRACTION_BITS;
      target[write++] = blue >> FRACTION_BITS;
    }
  }
}

/** Scales columns from `first` on, as many as `target` has room for. */
function filterColumns(plane: Plane, first: number, rows: Taps, target: Uint8ClampedArray): void {
  const { bytes, stride, offset } = plane;
  const { starts, counts, weights, most } = rows;
  const length = target.length / starts.length;
  let write = 0;
  for (let y = 0; y < starts.length; y++) {
    const from = offset + starts[y] * stride + first * 3;
    const end = y * most + counts[y];
    for (let x = 0; x < length; x++) {
      let sum = HALF;
      let read = from + x;
      for (let tap = y * most; tap < end; tap++, read += stride) {
        sum = (sum + Math.imul(bytes[read], weights[tap])) | 0;
      }
      target[write++] = sum >> FRACTION_BITS;
    }
  }
}

import { check, invalidArgument, unknownChoice } from '../errors';
import { roundHalfToEven } from '../ops/round-half-to-even';

/** The types that tfjs stores quantised weights in. */
export const QUANTISED_DTYPES = ['float16', 'uint8', 'uint16'] as const;

export type QuantisedDtype = (typeof QUANTISED_DTYPES)[number];

/**
 * By how much of the largest output a quantised model may differ from its own before damage is the only explanation. How much
 * it does differ is a matter of the model.
 */
export const LARGEST_QUANTISED_DIFFERENCE: Readonly<Record<QuantisedDtype, number>> = {
  float16: 0.1,
  uint16: 0.1,
  uint8: 1,
};

/** How a stored number becomes a weight, as an entry of tfjs's weights manifest tells it: `number · scale + min`. */
export type Quantization =
  | { readonly dtype: 'float16' }
  | { readonly dtype: 'uint8' | 'uint16'; readonly min: number; readonly scale: number };

/** Weights in fewer bytes. */
export interface Quantised {
  /** Little-endian, one number a weight. */
  readonly bytes: Uint8Array;
  readonly quantization: Quantization;
}

const LARGEST_FLOAT16 = 65504;

/**
 * Stores weights in fewer bytes, in the form that tfjs's weights manifests have and its converter writes.
 *
 * float16 rounds to the nearest number of that type, ties to even. uint8 and uint16 divide the range of the values in 255
 * or 65535 steps, moved by less than half a step so that 0, where it lies within the range, stays 0 exactly.
 *
 * @throws InvalidArgumentError for an unknown type, for values that are not finite, and for those that float16 cannot hold
 *
 * @example
 * const { bytes, quantization } = quantise(Float32Array.of(-1, 0, 1), 'uint8');
 * quantization; // { dtype: 'uint8', min: -1.0039…, scale: 0.0078… }
 */
export function quantise(values: Float32Array, dtype: QuantisedDtype): Quantised {
  if (!QUANTISED_DTYPES.includes(dtype)) throw unknownChoice('dtype', dtype, QUANTISED_DTYPES);
  const [least, most] = rangeOf(values);
  if (dtype === 'float16') {
    const largest = Math.max(-least, most);
    check(largest < LARGEST_FLOAT16 + 16, 'values', `none beyond float16's ${LARGEST_FLOAT16}`, largest);
    return { bytes: littleEndian(Uint16Array.from(values, toFloat16)), quantization: { dtype } };
  }
  const steps = dtype === 'uint8' ? 255 : 65535;
  const [min, scale] = affineRange(least, most, steps);
  const place = (value: number): number => Math.min(steps, Math.max(0, Math.round((value - min) / scale)));
  const numbers = dtype === 'uint8' ? Uint8Array.from(values, place) : Uint16Array.from(values, place);
  return { bytes: littleEndian(numbers), quantization: { dtype, min, scale } };
}

/** `min` and `scale` for values from `least` to `most`. */
function affineRange(least: number, most: number, steps: number): [min: number, scale: number] {
  // All alike, or none: any scale serves, since every number is 0.
  if (least === most) return [least, 1];
  const scale = (most - least) / steps;
  const holdsZero = least <= 0 && most >= 0;
  // `+ 0` because no one wants to read -0.
  return [holdsZero ? Math.round(least / scale) * scale + 0 : least, scale];
}

function rangeOf(values: Float32Array): [least: number, most: number] {
  if (values.length === 0) return [0, 0];
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) throw invalidArgument('values', 'finite numbers', value);
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

/** The bits of the nearest float16, by IEEE 754: 1 of sign, 5 of exponent, 10 of fraction. */
function toFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  // Below 2^-14 the numbers are a fixed 2^-24 apart; above, 2^10 to each power of 2.
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const fraction = roundHalfToEven(size * 2 ** (10 - exponent));
  // A fraction that rounds up to the next power of 2 carries into the exponent by itself.
  return sign | (size < 2 ** -14 ? fraction : ((exponent + 15) << 10) + fraction - 1024);
}

function littleEndian(numbers: Uint8Array | Uint16Array): Uint8Array {
  if (numbers instanceof Uint8Array) return numbers;
  const bytes = new Uint8Array(2 * numbers.length);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, position) => view.setUint16(2 * position, number, true));
  return bytes;
}

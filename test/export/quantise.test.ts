import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';

import { quantise, QUANTISED_DTYPES, type QuantisedDtype } from '../../src/export/quantise';
import { storeWeights } from '../../src/export/quantise-manifest';

beforeAll(() => tf.setBackend('cpu'));

/** What tfjs's own loader makes of the bytes. */
function readByTfjs(values: Float32Array, dtype: QuantisedDtype): number[] {
  const { bytes, quantization } = quantise(values, dtype);
  const spec: tf.io.WeightsManifestEntry = {
    name: 'w',
    shape: [values.length],
    dtype: 'float32',
    quantization,
  };
  const { w } = tf.io.decodeWeights(Uint8Array.from(bytes).buffer, [spec]);
  const read = [...w.dataSync()];
  w.dispose();
  return read;
}

// From IEEE 754's own table of binary16, and the ties around it.
test.each([
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [65519, 0x7bff],
  [2 ** -14, 0x0400],
  [2 ** -24, 0x0001],
  [2 ** -14 - 2 ** -24, 0x03ff],
  [2 ** -25, 0x0000],
  [2 ** -25 * 1.0001, 0x0001],
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  [2 - 2 ** -12, 0x4000],
  [0.333251953125, 0x3555],
  [-1 / 3, 0xb555],
])('%d as float16 is %i', (value, bits) => {
  const { bytes, quantization } = quantise(Float32Array.of(value), 'float16');
  expect(bytes[0] + 256 * bytes[1]).toBe(bits);
  expect(quantization).toEqual({ dtype: 'float16' });
});

const numbers = fc.float32Array({ minLength: 1, maxLength: 40, noNaN: true, min: -60000, max: 60000 });

test('tfjs reads float16 to the nearest of its numbers', () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const read = readByTfjs(values, 'float16');
      values.forEach((value, i) => {
        // Half the distance of neighbours: 2^-11 of the value, 2^-25 near 0.
        expect(Math.abs(read[i] - value)).toBeLessThanOrEqual(Math.max(Math.abs(value) * 2 ** -11, 2 ** -25));
      });
    }),
  );
});

test.each([
  ['uint8', 255],
  ['uint16', 65535],
] as const)('tfjs reads %s within a step, and 0 as 0', (dtype, steps) => {
  fc.assert(
    fc.property(numbers, (values) => {
      const read = readByTfjs(values, dtype);
      const [least, most] = [Math.min(...values), Math.max(...values)];
      const step = (most - least) / steps;
      values.forEach((value, i) => {
        const rounding = 2 ** -22 * Math.max(-least, most);
        expect(Math.abs(read[i] - value)).toBeLessThanOrEqual(step * 1.0001 + rounding);
        if (value === 0 && least < most) expect(Math.abs(read[i])).toBeLessThanOrEqual(step * 1e-4);
      });
    }),
  );
});

test('uint8 has the numbers that an affine map with an exact 0 gives', () => {
  // A range of 2.55 in 255 steps of 0.01; 0 lies at 50.4 steps, which rounds to 50.
  const { bytes, quantization } = quantise(Float32Array.of(-0.504, 0, 1, 2.046), 'uint8');
  expect([...bytes]).toEqual([0, 50, 150, 255]);
  expect(quantization).toMatchObject({ dtype: 'uint8' });
  const { min, scale } = quantization as { min: number; scale: number };
  expect(scale).toBeCloseTo(0.01, 7);
  expect(min).toBeCloseTo(-0.5, 6);
  // No 0 within the range: the ends are exact.
  expect(quantise(Float32Array.of(1, 3.55), 'uint8').quantization).toMatchObject({ min: 1 });
});

test.each(QUANTISED_DTYPES)('%s holds values that are all alike, and none at all', (dtype) => {
  expect(readByTfjs(Float32Array.of(0.25, 0.25), dtype)).toEqual([0.25, 0.25]);
  expect(readByTfjs(Float32Array.of(0, 0), dtype)).toEqual([0, 0]);
  expect(quantise(new Float32Array(0), dtype).bytes).toHaveLength(0);
});

test.each<[string, Float32Array, string, RegExp]>([
  ['NaN', Float32Array.of(0, NaN), 'uint8', /values: expected finite numbers\. Received: NaN/],
  ['infinity', Float32Array.of(Infinity), 'float16', /values: expected finite numbers/],
  [
    'more than float16 has',
    Float32Array.of(-65520),
    'float16',
    /none beyond float16's 65504\. Received: 65520/,
  ],
  ['an unknown type', Float32Array.of(1), 'int8', /dtype: expected one of float16, uint8, uint16/],
])('%s is refused', (_, values, dtype, message) => {
  expect(() => quantise(values, dtype as QuantisedDtype)).toThrow(message);
});

describe('the weights of a manifest', () => {
  const weights = [
    { name: 'conv/kernel', shape: [1, 2], data: Float32Array.of(0, 1) },
    { name: 'conv/bias', shape: [2], data: Float32Array.of(0.1, 1e-9) },
  ];

  test('kernels are quantised, vectors stay as they are', () => {
    const { entries, bytes } = storeWeights(weights, 'uint8');
    expect(entries).toEqual([
      {
        name: 'conv/kernel',
        shape: [1, 2],
        dtype: 'float32',
        quantization: { dtype: 'uint8', min: 0, scale: 1 / 255 },
      },
      { name: 'conv/bias', shape: [2], dtype: 'float32' },
    ]);
    expect(bytes).toHaveLength(2 + 8);
    const read = tf.io.decodeWeights(Uint8Array.from(bytes).buffer, entries);
    expect([...read['conv/bias'].dataSync()]).toEqual([...weights[1].data]);
    tf.dispose(read);
  });

  test('none is without a type', () => {
    const { entries, bytes } = storeWeights(weights);
    expect(entries.every(({ quantization }) => quantization === undefined)).toBe(true);
    expect(bytes).toHaveLength(16);
  });

  test('the weight that a type cannot hold is named', () => {
    const large = [{ name: 'fc/kernel', shape: [1, 1], data: Float32Array.of(1e6) }];
    expect(() => storeWeights(large, 'float16')).toThrow(/fc\/kernel cannot be stored as float16: .*65504/);
  });
});

import { resample, type Interpolation } from '../../src/data/resample';
import { height, pixels, results, width } from '../fixtures/images/resized.json';

const image = { pixels: Uint8Array.from(Buffer.from(pixels, 'hex')), width, height };

describe.each(results)('$interpolation to $size', ({ interpolation, size, pixels: expected }) => {
  const [columns, rows] = size;
  const scale = (left: number, top: number, right: number, bottom: number) =>
    resample(
      image,
      [columns, rows],
      { left, top, width: right - left, height: bottom - top },
      interpolation as Interpolation,
    );

  test('is what Pillow gives', () => {
    expect(Buffer.from(scale(0, 0, columns, rows)).toString('hex')).toBe(expected);
  });

  test('a part is that part of the whole', () => {
    const whole = Buffer.from(expected, 'hex');
    const [left, top, right, bottom] = [1, 1, columns - 2, rows - 1];
    const lines = Array.from({ length: bottom - top }, (_, y) =>
      whole.subarray(((top + y) * columns + left) * 3, ((top + y) * columns + right) * 3),
    );
    expect(Buffer.from(scale(left, top, right, bottom))).toEqual(Buffer.concat(lines));
  });
});

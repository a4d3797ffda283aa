import { agreementOf, DisagreementError, relativeDifference } from '../../../scripts/bench/agreement';
import type { StoredTensor } from '../../../src/safetensors/tensor';

const tensor = (values: number[], shape = [values.length]): StoredTensor => ({
  dtype: 'F32',
  shape,
  data: Float32Array.from(values),
});

describe('agreement of contestants', () => {
  it('relates the largest difference to the largest value', () => {
    expect(relativeDifference(Float32Array.of(1, 5), Float32Array.of(2, -4))).toBeCloseTo(9 / 4);
    expect(relativeDifference(Float32Array.of(0), Float32Array.of(0))).toBe(0);
  });

  it('passes rounding and says how large it was', () => {
    const [found] = agreementOf(
      'b',
      'convolution',
      new Map([['y', tensor([1, 2.0001])]]),
      new Map([['y', tensor([1, 2])]]),
    );
    expect(found).toMatchObject({ contestant: 'b', output: 'y' });
    expect(found.relativeDifference).toBeCloseTo(5e-5, 6);
  });

  it.each([
    [
      'a value that is more than rounding',
      new Map([['y', tensor([1, 2.001])]]),
      /b computes something else: y/,
    ],
    ['no number', new Map([['y', tensor([1, NaN])]]), /something else/],
    ['another shape', new Map([['y', tensor([1, 2], [1, 2])]]), /\[1,2\] in place of \[2\]/],
    ['another output', new Map([['dx', tensor([1, 2])]]), /put out dx in place of y/],
  ])('refuses %s', (_, actual, message) => {
    const reference = new Map([['y', tensor([1, 2])]]);
    expect(() => agreementOf('b', 'convolution', actual, reference)).toThrow(DisagreementError);
    expect(() => agreementOf('b', 'convolution', actual, reference)).toThrow(message);
  });
});

import * as fc from 'fast-check';
import { convMacs, convParameters, convSpec, resolvePadding } from '../../src/ops/conv-spec';

describe('convParameters', () => {
  it('gives the seed numbers: 1,168 with one group, 592 with two', () => {
    const convolution = { inChannels: 8, outChannels: 16, kernelSize: [3, 3] as const, bias: true };
    expect(convParameters(convolution)).toBe(1168);
    expect(convParameters({ ...convolution, groups: 2 })).toBe(592);
  });
});

describe('convMacs', () => {
  it('falls by the number of groups', () => {
    const macs = (groups: number) =>
      convMacs(convSpec([1, 32, 32, 64], [3, 3, 64 / groups, 128], { groups, padding: 'same' }));
    expect(macs(1)).toBe(32 * 32 * 9 * 64 * 128);
    expect(macs(32)).toBe(macs(1) / 32);
  });
});

describe('resolvePadding', () => {
  it("puts the odd zero of 'same' at the end, unlike PyTorch's number a side", () => {
    const resolve = (padding: 'same' | number) => resolvePadding(padding, [8, 8], [3, 3], [2, 2], [1, 1]);
    expect(resolve('same')).toEqual({ kind: 'same', top: 0, bottom: 1, left: 0, right: 1 });
    expect(resolve(1)).toEqual({ kind: 'explicit', top: 1, bottom: 1, left: 1, right: 1 });
  });

  it("knows a number a side for what it is where it equals 'same' or 'valid'", () => {
    expect(resolvePadding(1, [8, 8], [3, 3], [1, 1], [1, 1]).kind).toBe('same');
    expect(resolvePadding(0, [8, 8], [3, 3], [1, 1], [1, 1]).kind).toBe('valid');
  });

  it("gives 'same' the output length ceil(input / stride) for any geometry", () => {
    const size = fc.integer({ min: 1, max: 40 });
    const small = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(size, small, small, small, (input, kernel, stride, dilation) => {
        const options = { padding: 'same', strides: stride, dilations: dilation } as const;
        const spec = convSpec([1, input, input, 2], [kernel, kernel, 1, 2], { ...options, groups: 2 });
        expect(spec.outHeight).toBe(Math.ceil(input / stride));
      }),
    );
  });
});

import type { ConvSpec } from '../conv-spec';
import { byOwnKernels } from './own-kernels';

/** Channels that the kernels take side by side. */
const LANES = 16;
/** Kernel sizes by channels a group. */
const KERNEL_SIZES: Readonly<Record<number, readonly number[]>> = { 1: [3, 5, 7], 4: [3], 8: [3], 16: [3] };

/**
 * This package's own kernels within libtensorflow, for groups of few channels and depthwise convolution on processors with
 * AVX-512: they fill a vector with several groups side by side, where oneDNN's leave most of it empty.
 */
export const direct = byOwnKernels(
  'direct',
  'CardinalDirectConv2D',
  'several groups to a vector',
  unknownGeometry,
);

function unknownGeometry(spec: ConvSpec): string | undefined {
  const { inChannels, outChannels, groups, filterHeight, filterWidth, strides, dilations, padding } = spec;
  if (inChannels !== outChannels)
    return `it needs as many channels out as in, and these are ${inChannels} and ${outChannels}`;
  if (inChannels % LANES !== 0)
    return `it takes ${LANES} channels at a time, which do not divide ${inChannels}`;
  const depth = inChannels / groups;
  const sizes = KERNEL_SIZES[depth];
  if (sizes === undefined)
    return `it knows groups of ${Object.keys(KERNEL_SIZES).join(', ')} channels, not of ${depth}`;
  if (filterHeight !== filterWidth || !sizes.includes(filterHeight)) {
    const known = sizes.map((size) => `${size}x${size}`).join(', ');
    return `with ${depth} channels a group it knows kernels of ${known}, not of ${filterHeight}x${filterWidth}`;
  }
  if (strides[0] !== strides[1] || strides[0] > 2)
    return `it knows strides 1 and 2, not ${strides.join('x')}`;
  if (dilations[0] > 1 || dilations[1] > 1) return 'it knows no dilations';
  if (padding.top >= filterHeight || padding.left >= filterWidth)
    return 'it knows less padding than the kernel is wide';
  return undefined;
}

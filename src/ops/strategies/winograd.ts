import type { ConvSpec } from '../conv-spec';
import { byOwnKernels } from './own-kernels';

/** Outputs of a tile, each way. */
const TILE = 4;
/** Channels that the kernels take side by side. */
const PANEL = 32;

/**
 * This package's own kernels within libtensorflow, for 3x3 convolutions of one group on processors with AVX-512: Winograd's
 * minimal filtering, F(4x4, 3x3), with 36 products for 16 outputs where the definition has 144. With stride 2 there are 81, of
 * F(4x4, 2x2) on the four phases of the image. Results differ from those of the definition by about 3e-6 of the largest.
 *
 * Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv:1509.09308.
 */
export const winograd = byOwnKernels(
  'winograd',
  'CardinalWinogradConv2D',
  'with a quarter of the products, or with stride 2 just over half',
  unknownGeometry,
);

/** Tiles that the outputs are cut into, and the part of them that is outputs and not margin. */
export function winogradTiles({ batch, outHeight, outWidth }: ConvSpec): { tiles: number; used: number } {
  const tiles = batch * Math.ceil(outHeight / TILE) * Math.ceil(outWidth / TILE);
  return { tiles, used: (batch * outHeight * outWidth) / (tiles * TILE * TILE) };
}

function unknownGeometry(spec: ConvSpec): string | undefined {
  const { inChannels, outChannels, groups, filterHeight, filterWidth, strides, dilations, padding } = spec;
  if (groups !== 1) return `it knows one group, not ${groups}`;
  if (filterHeight !== 3 || filterWidth !== 3)
    return `it knows kernels of 3x3, not of ${filterHeight}x${filterWidth}`;
  if (strides[0] !== strides[1] || strides[0] > 2)
    return `it knows strides 1 and 2, not ${strides.join('x')}`;
  if (dilations[0] > 1 || dilations[1] > 1) return 'it knows no dilations';
  if (inChannels % PANEL !== 0 || outChannels % PANEL !== 0)
    return `it takes ${PANEL} channels at a time, which do not divide both ${inChannels} and ${outChannels}`;
  if (padding.top > 2 || padding.left > 2) return 'it knows less padding than the kernel is wide';
  return undefined;
}

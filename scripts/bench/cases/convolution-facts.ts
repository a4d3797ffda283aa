import type { ConvolutionShape } from '../protocol';

/** Batch, size, channels in and out, groups, as the design's table writes them; what is unusual follows. */
export function shapeTitle({
  batch,
  size,
  in: channels,
  out,
  groups,
  kernel = 3,
  stride = 1,
}: ConvolutionShape): string {
  const unusual = [kernel === 3 ? '' : ` ${kernel}x${kernel}`, stride === 1 ? '' : ` stride ${stride}`];
  return `${[batch, size, channels, out, groups].join('/')}${unusual.join('')}`;
}

/** Floating-point operations of the forward pass, two to a multiply-accumulate; each gradient takes as many. */
export function convolutionFlops({
  batch,
  size,
  in: channels,
  out,
  groups,
  kernel = 3,
  stride = 1,
}: ConvolutionShape): number {
  const outSize = Math.floor((size - 1) / stride) + 1;
  return 2 * batch * outSize ** 2 * kernel ** 2 * (channels / groups) * out;
}

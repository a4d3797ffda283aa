import { compiled, ours, peers, type Programs, stock } from '../contestants';
import type { Effort, Item, Plan } from '../plan';
import type { ConvolutionShape } from '../protocol';
import { convolutionFlops, shapeTitle } from './convolution-facts';

/** The shapes of the design's table, and depthwise ones of MobileNets. */
export const DESIGN_SHAPES: readonly ConvolutionShape[] = [
  { batch: 32, size: 32, in: 64, out: 64, groups: 8 },
  { batch: 32, size: 16, in: 256, out: 256, groups: 32 },
  { batch: 32, size: 8, in: 512, out: 512, groups: 32 },
  { batch: 1, size: 56, in: 128, out: 128, groups: 32 },
];
const DEPTHWISE_SHAPES: readonly ConvolutionShape[] = [
  { batch: 32, size: 32, in: 96, out: 96, groups: 96, stride: 2 },
  { batch: 32, size: 16, in: 192, out: 192, groups: 192 },
  { batch: 32, size: 8, in: 576, out: 576, groups: 576 },
];

/** Grouped convolution by itself. */
export function opsPlan(
  programs: Programs,
  effort: Effort,
  shapes = [...DESIGN_SHAPES, ...DEPTHWISE_SHAPES],
): Plan {
  const items = shapes.flatMap((shape) =>
    (['forward', 'forward+backward'] as const).map((pass): Item => ({
      title: `${shapeTitle(shape)} ${pass}`,
      work: { kind: 'convolution', shape, pass },
      flops: convolutionFlops(shape) * (pass === 'forward' ? 1 : 3),
      images: shape.batch,
    })),
  );
  return {
    name: 'ops',
    title: 'Grouped convolution by itself',
    effort,
    groups: [
      {
        parties: [
          [
            ours(programs),
            compiled(programs),
            stock(programs),
            ...peers(programs, ['pytorch', 'pytorch-malloc']),
          ],
        ],
        items,
      },
    ],
  };
}

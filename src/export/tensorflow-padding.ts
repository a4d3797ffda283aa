import { resolvePadding } from '../ops/conv-spec';
import type { Shape, Sides } from '../graph/graph';

/** How TensorFlow says what is around images: nothing, its own rule, or pixels a side. */
export type PaddingKind = 'VALID' | 'SAME' | 'EXPLICIT';

/** The word for `sides`; `SAME` only where TensorFlow's rule gives just these for images of this size. */
export function paddingKind(
  { top, bottom, left, right }: Sides,
  [, height, width]: Shape,
  kernel: readonly number[],
  strides: readonly [number, number],
  dilations: readonly [number, number] = [1, 1],
): PaddingKind {
  const sides: [[number, number], [number, number]] = [
    [top, bottom],
    [left, right],
  ];
  const { kind } = resolvePadding(sides, [height, width], [kernel[0], kernel[1]], strides, dilations);
  return kind.toUpperCase() as PaddingKind;
}

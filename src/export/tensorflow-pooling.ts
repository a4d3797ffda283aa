import type { GraphNode, Shape, Sides } from '../graph/graph';
import { FLOAT, INT32 } from './tensorflow-nodes';
import { paddingKind } from './tensorflow-padding';
import type { TensorflowScope } from './tensorflow-scope';

/**
 * Adds a maximum or an average of windows.
 *
 * @param shape of the input
 */
export function addPool(
  scope: TensorflowScope,
  { op, window, shape: made }: Extract<GraphNode, { op: 'maxPool' | 'averagePool' }>,
  x: string,
  shape: Shape,
): string {
  const { size, strides, padding } = window;
  const kind = paddingKind(padding, shape, size, strides);
  const attributes = {
    T: FLOAT,
    ksize: { ints: [1, ...size, 1] },
    strides: { ints: [1, ...strides, 1] },
    padding: { string: kind === 'EXPLICIT' ? 'VALID' : kind },
    data_format: { string: 'NHWC' },
  };
  const kernel = op === 'maxPool' ? 'MaxPool' : 'AvgPool';
  if (kind !== 'EXPLICIT') return scope.last(kernel, [x], attributes);
  // Pools take no pixels a side everywhere, so those are put there before.
  const border = scope.scalar('border', op === 'maxPool' ? -Infinity : 0);
  const paddings = scope.padding('paddings', padding);
  const padded = scope.part('padded', 'PadV2', [x, paddings, border], { T: FLOAT, Tpaddings: INT32 });
  if (op === 'maxPool') return scope.last(kernel, [padded], attributes);
  // The average counts what was put there; each position's factor takes that out again.
  const pooled = scope.part('pooled', kernel, [padded], attributes);
  const factors = pixelFactors(padding, shape, size, strides, made);
  const weight = { shape: [1, made[1], made[2], 1], data: factors };
  return scope.last('Mul', [pooled, scope.weight('factors', weight)]);
}

/** By position, pixels of a window over those of them that lie in the image. */
function pixelFactors(
  padding: Sides,
  [, height, width]: Shape,
  size: readonly [number, number],
  strides: readonly [number, number],
  [, rows, columns]: Shape,
): Float32Array {
  const within = (position: number, axis: 0 | 1, before: number, length: number): number => {
    const begin = position * strides[axis] - before;
    return Math.min(begin + size[axis], length) - Math.max(begin, 0);
  };
  return Float32Array.from({ length: rows * columns }, (_, index) => {
    const inRows = within(Math.floor(index / columns), 0, padding.top, height);
    const inColumns = within(index % columns, 1, padding.left, width);
    return (size[0] * size[1]) / (inRows * inColumns);
  });
}

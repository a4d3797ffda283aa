import { resolvePadding } from '../ops/conv-spec';
import type { GraphNode, Shape, Sides, Weight } from '../graph/graph';

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

type Convolution = Extract<GraphNode, { op: 'conv2d' }>;

/**
 * The same convolution without pixels a side: its filter has zeros at the bottom and on the right, as many as TensorFlow's
 * own rule needs to begin where it began. PyTorch's 3 by 3 with stride 2 and one pixel a side becomes a 4 by 4. `undefined`
 * where no such filter is near.
 *
 * TensorFlow 2.21 aborts the process on a depthwise convolution with pixels a side when it fuses what follows into it: it
 * forgets them on the way.
 */
export function asSame(node: Convolution, shape: Shape): Convolution | undefined {
  const { filter, strides, dilations, padding } = node;
  if (paddingKind(padding, shape, filter.shape, strides, dilations) !== 'EXPLICIT') return node;
  const [height, width] = filter.shape;
  for (let more = 1; more <= Math.max(...strides); more++) {
    const size: [number, number] = [height + more, width + more];
    const same = resolvePadding('same', [shape[1], shape[2]], size, strides, dilations);
    const begins = same.top === padding.top && same.left === padding.left;
    const rows = Math.ceil(shape[1] / strides[0]) === node.shape[1];
    const columns = Math.ceil(shape[2] / strides[1]) === node.shape[2];
    if (begins && rows && columns) return { ...node, filter: extended(filter, size), padding: same };
  }
  return undefined;
}

/** With zeros at the bottom and on the right. */
function extended({ shape, data }: Weight, [height, width]: readonly [number, number]): Weight {
  const [rows, columns, ...channels] = shape;
  const row = data.length / rows;
  const wide = (row / columns) * width;
  const values = new Float32Array(wide * height);
  for (let y = 0; y < rows; y++) values.set(data.subarray(y * row, (y + 1) * row), y * wide);
  return { shape: [height, width, ...channels], data: values };
}

import * as tf from '@tensorflow/tfjs';
import type { ConvSpec } from '../conv-spec';
import type { Strategy } from './strategy';

/**
 * The input gradient as a forward convolution: the output gradient, with zeros between its elements for the stride and
 * around it for the border, convolved with the filter turned by 180 degrees and its channels swapped.
 *
 * Any strategy's forward pass thereby gives its input gradient, dilated ones too. On wasm it takes a tenth of the time
 * of the stock kernel, whose plain loops do without XNNPACK.
 */
export function inputGradientByForward(
  strategy: Strategy,
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  spec: ConvSpec,
): tf.Tensor4D {
  const { top, left } = spec.padding;
  const rows = border(
    spec.inHeight,
    top,
    spec.outHeight,
    spec.filterHeight,
    spec.strides[0],
    spec.dilations[0],
  );
  const columns = border(
    spec.inWidth,
    left,
    spec.outWidth,
    spec.filterWidth,
    spec.strides[1],
    spec.dilations[1],
  );
  const framed = frame(insertZeros(dy, spec), rows, columns);
  return strategy.forward(framed, turn(filter, spec), {
    ...spec,
    inHeight: framed.shape[1],
    inWidth: framed.shape[2],
    inChannels: spec.outChannels,
    outHeight: spec.inHeight,
    outWidth: spec.inWidth,
    outChannels: spec.inChannels,
    strides: [1, 1],
    padding: { kind: 'valid', top: 0, bottom: 0, left: 0, right: 0 },
  });
}

/** Zeros before and after the spread gradient along one axis; a negative number cuts elements off. */
function border(
  input: number,
  before: number,
  output: number,
  kernel: number,
  stride: number,
  dilation: number,
): [number, number] {
  const reach = (kernel - 1) * dilation;
  const first = reach - before;
  return [first, input + reach - output * stride - first];
}

/** A gradient `[batch, outHeight, outWidth, outChannels]` with `stride - 1` zeros after each element, both ways. */
export function insertZeros(
  dy: tf.Tensor4D,
  {
    batch,
    outHeight,
    outWidth,
    outChannels,
    strides,
  }: Pick<ConvSpec, 'batch' | 'outHeight' | 'outWidth' | 'outChannels' | 'strides'>,
): tf.Tensor4D {
  let spread: tf.Tensor4D = dy;
  const [down, across] = strides;
  if (across > 1) {
    spread = tf.pad(spread.reshape([batch * outHeight, outWidth, 1, outChannels]), [[0, 0], [0, 0], [0, across - 1], [0, 0]]); // prettier-ignore
  }
  if (down > 1) {
    spread = tf.pad(spread.reshape([batch, outHeight, 1, outWidth * across * outChannels]), [[0, 0], [0, 0], [0, down - 1], [0, 0]]); // prettier-ignore
  }
  return spread.reshape([batch, outHeight * down, outWidth * across, outChannels]);
}

function frame(spread: tf.Tensor4D, rows: [number, number], columns: [number, number]): tf.Tensor4D {
  const sides = [[0, 0], rows, columns, [0, 0]] as const;
  const cut = sides.map(([first]) => Math.max(0, -first)) as [number, number, number, number];
  const kept = sides.map(
    ([first, last], axis) => spread.shape[axis] - Math.max(0, -first) - Math.max(0, -last),
  );
  const whole = sides.every(([first, last]) => first >= 0 && last >= 0);
  const inner = whole ? spread : tf.slice(spread, cut, kept as [number, number, number, number]);
  if (sides.every(([first, last]) => first <= 0 && last <= 0)) return inner;
  return tf.pad(
    inner,
    sides.map(([first, last]) => [Math.max(0, first), Math.max(0, last)] as [number, number]),
  ) as tf.Tensor4D;
}

/** `[h, w, in / groups, out]` → `[h, w, out / groups, in]`, turned by 180 degrees. */
function turn(
  filter: tf.Tensor4D,
  { filterHeight, filterWidth, inChannels, outChannels, groups }: ConvSpec,
): tf.Tensor4D {
  const turned = filterHeight * filterWidth === 1 ? filter : tf.reverse(filter, [0, 1]);
  return turned
    .reshape([filterHeight * filterWidth, inChannels / groups, groups, outChannels / groups])
    .transpose([0, 3, 2, 1])
    .reshape([filterHeight, filterWidth, outChannels / groups, inChannels]);
}

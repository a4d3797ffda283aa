import * as tf from '@tensorflow/tfjs';
import type { Mend } from './mend';

type Shape4D = [number, number, number, number];

/**
 * The gradient of average pooling, whose windows at the border hold fewer elements. tfjs's forward kernels divide by those
 * that are there, its gradients by the window's whole area: what each window's gradient lacks is multiplied on before.
 */
export const averagePoolGradient: Mend = (_, stock) => (call) => {
  const { dy, input } = call.inputs as Record<string, tf.TensorInfo>;
  const { filterSize, strides, pad, dimRoundingMode } = call.attrs as tf.NamedAttrMap;
  const info = tf.backend_util.computePool2DInfo(
    input.shape as Shape4D,
    filterSize as [number, number],
    strides as [number, number],
    1,
    pad as 'same',
    dimRoundingMode as 'floor',
  );
  const { top, bottom, left, right } = info.padInfo;
  if (top + bottom + left + right === 0) return stock(call);
  const rows = shares(info.inHeight, info.outHeight, info.filterHeight, info.strideHeight, top);
  const columns = shares(info.inWidth, info.outWidth, info.filterWidth, info.strideWidth, left);
  const scaled = tf.tidy(() => {
    const factors = tf.tensor4d(
      rows.flatMap((down) => columns.map((across) => down * across)),
      [1, rows.length, columns.length, 1],
    );
    return tf.mul(dy as tf.Tensor, factors);
  });
  try {
    return stock({ ...call, inputs: { ...call.inputs, dy: scaled } });
  } finally {
    scaled.dispose();
  }
};

/** For each window along one axis, its size by the number of elements that it holds. */
function shares(input: number, output: number, size: number, stride: number, before: number): number[] {
  return Array.from({ length: output }, (_, position) => {
    const first = position * stride - before;
    const held = Math.min(input, first + size) - Math.max(0, first);
    return size / Math.max(1, held); // one that holds nothing has no gradient to give
  });
}

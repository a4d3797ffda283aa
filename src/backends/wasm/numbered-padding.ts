import * as tf from '@tensorflow/tfjs';
import type { Mend } from '../mend';

type Shape4D = [number, number, number, number];

/**
 * Gives tfjs's wasm convolutions, dense, depthwise and fused, the zeros of `'same'` as numbers.
 *
 * The word they hand on to XNNPACK, which works out the zeros itself, and wrongly where a stride passes over elements
 * that no filter reaches: the number of zeros is below 0 then and wraps around, and the result is all zeros. Numbers, and
 * no other form of padding, were right for every geometry of `npm run test:geometries`.
 */
export const numberedPadding: Mend = (kernelName, stock) => (call) => {
  const { x, filter } = call.inputs as Record<string, tf.TensorInfo>;
  const attrs = call.attrs as tf.NamedAttrMap;
  if (attrs.pad !== 'same' || attrs.dataFormat === 'NCHW') return stock(call);
  const { top, bottom, left, right } = tf.backend_util.computeConv2DInfo(
    x.shape as Shape4D,
    filter.shape as Shape4D,
    attrs.strides as [number, number],
    (attrs.dilations ?? 1) as [number, number],
    'same',
    undefined,
    kernelName.includes('Depthwise'),
  ).padInfo;
  const pad = [[0, 0], [top, bottom], [left, right], [0, 0]]; // prettier-ignore
  return stock({ ...call, attrs: { ...attrs, pad } });
};

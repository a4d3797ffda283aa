import * as tf from '@tensorflow/tfjs';
import type { ConvSpec } from './conv-spec';

// Two kinds of convolution that libtensorflow 2.21 gets wrong, found by `npm run test:geometries`. Each is the same as a
// convolution over another view of the images, for which it is right.

/** Floats of the longest vector there is. */
const LANES = 16;

/** A convolution that gives the same as another: its geometry, and what of the other's images it reads. */
export interface SameConvolution {
  readonly spec: ConvSpec;
  view(x: tf.Tensor4D): tf.Tensor4D;
}

/**
 * For a forward pass of one input channel that puts out a single column, with strides of 1 down and more across, where
 * libtensorflow returns other numbers: the columns that are read, with a stride of 1. Otherwise `undefined`.
 */
export function readColumns(spec: ConvSpec): SameConvolution | undefined {
  const { inChannels, inHeight, inWidth, outWidth, filterWidth, strides, dilations, padding } = spec;
  if (inChannels !== 1 || outWidth !== 1 || strides[0] !== 1 || strides[1] === 1) return undefined;
  const width = (filterWidth - 1) * dilations[1] + 1;
  const first = Math.max(0, -padding.left);
  const last = Math.min(inWidth, width - padding.left);
  const kept = Math.max(0, last - first);
  const isPadded = padding.top + padding.bottom > 0;
  return {
    spec: {
      ...spec,
      inWidth: width,
      strides: [1, 1],
      padding: { ...padding, left: 0, right: 0, kind: isPadded ? 'explicit' : 'valid' },
    },
    view: (x) =>
      tf.tidy(() => {
        const left = Math.min(width, padding.left);
        const columns = x.slice([0, 0, first, 0], [x.shape[0], inHeight, kept, 1]);
        return tf.pad(columns, [[0, 0], [0, 0], [left, width - left - kept], [0, 0]]); // prettier-ignore
      }),
  };
}

/**
 * For the filter gradient of a 1x1 filter with strides, where libtensorflow writes past the end of a buffer of its own and
 * the process dies sooner or later: the pixels that the strides reach, with strides of 1. Otherwise `undefined`, and so
 * where a vector is full of channels, as in a residual network's shortcuts: those were always right.
 */
export function readPixels(spec: ConvSpec): SameConvolution | undefined {
  const { inChannels, groups, outHeight, outWidth, filterHeight, filterWidth, strides, padding } = spec;
  const { top, bottom, left, right } = padding;
  const isStrided = filterHeight * filterWidth === 1 && strides[0] * strides[1] > 1;
  if (!isStrided || inChannels / groups >= LANES) return undefined;
  return {
    spec: {
      ...spec,
      inHeight: outHeight,
      inWidth: outWidth,
      strides: [1, 1],
      dilations: [1, 1],
      padding: { kind: 'valid', top: 0, bottom: 0, left: 0, right: 0 },
    },
    view: (x) =>
      tf.tidy(() => {
        const framed = tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]]); // prettier-ignore
        const [batch, , , channels] = x.shape;
        const end = [batch, (outHeight - 1) * strides[0] + 1, (outWidth - 1) * strides[1] + 1, channels];
        return tf.stridedSlice(framed, [0, 0, 0, 0], end, [1, ...strides, 1]) as tf.Tensor4D;
      }),
  };
}

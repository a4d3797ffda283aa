import * as tf from '@tensorflow/tfjs';
import { convSpec, type ConvSpec } from '../../ops/conv-spec';
import { depthwiseSum } from '../../ops/strategies/depthwise-sum';
import { inputGradientByForward } from '../../ops/strategies/input-gradient-by-forward';

type Shape4D = [number, number, number, number];

interface Attrs extends tf.NamedAttrMap {
  strides: [number, number] | number;
  dilations: [number, number] | number;
  pad: 'same' | 'valid' | number;
  dimRoundingMode: 'floor' | 'round' | 'ceil';
}

/** The input gradient of `tf.depthwiseConv2d`, composed for a backend that has no kernel of its own. */
export function depthwiseBackpropInputKernel(backendName: string): tf.KernelConfig {
  return {
    kernelName: 'DepthwiseConv2dNativeBackpropInput',
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { dy, filter } = inputs as Record<string, tf.Tensor4D>;
      const { inputShape, ...options } = attrs as Attrs & { inputShape: Shape4D };
      const spec = depthwiseSpec(inputShape, filter.shape, options);
      return tf.tidy(() => inputGradientByForward(depthwiseSum, dy, asGrouped(filter), spec));
    },
  };
}

/**
 * The filter gradient of `tf.depthwiseConv2d`, composed for a backend that has no kernel of its own: for each tap of the
 * filter, the shifted input times the output gradient, summed over images and positions.
 */
export function depthwiseBackpropFilterKernel(backendName: string): tf.KernelConfig {
  return {
    kernelName: 'DepthwiseConv2dNativeBackpropFilter',
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { x, dy } = inputs as Record<string, tf.Tensor4D>;
      const { filterShape, ...options } = attrs as Attrs & { filterShape: Shape4D };
      const spec = depthwiseSpec(x.shape, filterShape, options);
      return tf.tidy(() => filterGradient(x, dy, spec).reshape(filterShape));
    },
  };
}

function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, spec: ConvSpec): tf.Tensor {
  const { top, bottom, left, right } = spec.padding;
  const padded = tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]]); // prettier-ignore
  const multiplier = spec.outChannels / spec.inChannels;
  const positions = spec.batch * spec.outHeight * spec.outWidth;
  const gradient = dy.reshape([positions, spec.inChannels, multiplier]);
  // A product with a row of ones sums over all positions in one call; a reduction over the outer axis would transpose.
  const ones = tf.ones([1, positions]);
  const taps: tf.Tensor[] = [];
  for (let row = 0; row < spec.filterHeight; row++) {
    for (let column = 0; column < spec.filterWidth; column++) {
      const seen = shifted(padded, row * spec.dilations[0], column * spec.dilations[1], spec);
      const products = seen.reshape([positions, spec.inChannels, 1]).mul(gradient);
      taps.push(ones.matMul(products.reshape([positions, spec.outChannels])));
    }
  }
  return tf.concat(taps, 0);
}

/** What one tap reads of the padded input, a strided view as a tensor. */
function shifted(padded: tf.Tensor4D, top: number, left: number, spec: ConvSpec): tf.Tensor4D {
  const { batch, inChannels, outHeight, outWidth, strides } = spec;
  const [down, across] = strides;
  const end = [batch, top + (outHeight - 1) * down + 1, left + (outWidth - 1) * across + 1, inChannels];
  if (down === 1 && across === 1)
    return tf.slice(padded, [0, top, left, 0], [batch, outHeight, outWidth, inChannels]);
  return tf.stridedSlice(padded, [0, top, left, 0], end, [1, down, across, 1]) as tf.Tensor4D;
}

/** `[h, w, channels, multiplier]` is, read in the same order, a grouped filter of depth 1. */
function asGrouped(filter: tf.Tensor4D): tf.Tensor4D {
  const [height, width, channels, multiplier] = filter.shape;
  return filter.reshape([height, width, 1, channels * multiplier]);
}

function depthwiseSpec(inputShape: Shape4D, filterShape: Shape4D, attrs: Attrs): ConvSpec {
  const [height, width, channels, multiplier] = filterShape;
  const { strides, dilations, pad, dimRoundingMode } = attrs;
  const info = tf.backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    true,
  );
  const { top, bottom, left, right } = info.padInfo;
  return convSpec(inputShape, [height, width, 1, channels * multiplier], {
    groups: channels,
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    padding: [[top, bottom], [left, right]], // prettier-ignore
  });
}

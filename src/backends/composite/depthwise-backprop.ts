import * as tf from '@tensorflow/tfjs';
import { convSpec, type ConvSpec } from '../../ops/conv-spec';
import { depthwiseSum } from '../../ops/strategies/depthwise-sum';
import { inputGradientByForward, insertZeros } from '../../ops/strategies/input-gradient-by-forward';

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
 *
 * Both are laid out in frames of the padded input's size, the output gradient with zeros between and after its elements.
 * A tap's shift is then one offset into one long row: a plain copy, where a window would be cut out row by row.
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
  const { inChannels, filterHeight, filterWidth, dilations } = spec;
  const { top, bottom, left, right } = spec.padding;
  const [frameHeight, frameWidth] = [spec.inHeight + top + bottom, spec.inWidth + left + right];
  const padded = tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]]); // prettier-ignore
  const framed = frameTopLeft(insertZeros(dy, spec), frameHeight, frameWidth);
  const offset = (row: number, column: number) =>
    (row * dilations[0] * frameWidth + column * dilations[1]) * inChannels;
  const row = tf.pad(padded.flatten(), [[0, offset(filterHeight - 1, filterWidth - 1)]]);
  const gradients = byMultiplier(framed, inChannels);
  const taps: tf.Tensor[] = [];
  for (let i = 0; i < filterHeight; i++) {
    for (let j = 0; j < filterWidth; j++) {
      const seen = row.slice([offset(i, j)], [padded.size]);
      for (const gradient of gradients) taps.push(meanOverFrame(seen.mul(gradient).reshape(padded.shape)));
    }
  }
  // [taps · multiplier, images, channels] → [taps, channels, multiplier]
  const sums = tf
    .stack(taps)
    .sum(1)
    .mul(frameHeight * frameWidth);
  return sums.reshape([filterHeight * filterWidth, gradients.length, inChannels]).transpose([0, 2, 1]);
}

/** `[batch, channels]`: pooling is the one fast sum over positions that wasm has; its reductions would transpose. */
function meanOverFrame(products: tf.Tensor4D): tf.Tensor2D {
  const [batch, height, width, channels] = products.shape;
  return tf.avgPool(products, [height, width], 1, 'valid').reshape([batch, channels]);
}

/** The gradient in the corner of a frame of zeros; what lies outside of the frame was zeros already. */
function frameTopLeft(dy: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  const [batch, dyHeight, dyWidth, channels] = dy.shape;
  const [keptHeight, keptWidth] = [Math.min(height, dyHeight), Math.min(width, dyWidth)];
  const whole = keptHeight === dyHeight && keptWidth === dyWidth;
  const kept = whole ? dy : dy.slice([0, 0, 0, 0], [batch, keptHeight, keptWidth, channels]);
  return tf.pad(kept, [[0, 0], [0, height - keptHeight], [0, width - keptWidth], [0, 0]]); // prettier-ignore
}

/** One flat gradient for each of a channel's outputs. */
function byMultiplier(dy: tf.Tensor4D, inChannels: number): tf.Tensor1D[] {
  const multiplier = dy.shape[3] / inChannels;
  if (multiplier === 1) return [dy.flatten()];
  return tf.unstack(dy.reshape([-1, multiplier]).transpose()) as tf.Tensor1D[];
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

import * as tf from '@tensorflow/tfjs';
import { filterShape, inputShape, outputShape, type ConvSpec } from '../conv-spec';
import type { Strategy } from './strategy';

/**
 * One depthwise convolution that gives every input channel its `outChannels / groups` products, then a sum over the
 * input channels of each group. With one input channel a group there is nothing to sum: it is the depthwise
 * convolution itself.
 */
export const depthwiseSum: Strategy<'depthwise-sum'> = {
  name: 'depthwise-sum',
  summary: "one depthwise convolution, then a sum over each group's input channels",
  declines(spec, pass) {
    const both = Math.max(...spec.strides) > 1 && Math.max(...spec.dilations) > 1;
    if (both && pass === 'forward')
      return 'the stock depthwise kernels refuse strides and dilations above 1 together';
    return undefined;
  },
  forward(x, filter, spec) {
    const products = tf
      .engine()
      .runKernel(
        'DepthwiseConv2dNative',
        { x, filter: toDepthwise(filter, spec) },
        attributes(spec),
      ) as tf.Tensor4D;
    return sumOverInputs(products, spec);
  },
  backpropInput(dy, filter, spec) {
    return tf
      .engine()
      .runKernel(
        'DepthwiseConv2dNativeBackpropInput',
        { dy: repeatOverInputs(dy, spec), filter: toDepthwise(filter, spec) },
        { ...attributes(spec), inputShape: inputShape(spec) },
      ) as tf.Tensor4D;
  },
  backpropFilter(x, dy, spec) {
    const gradient = tf
      .engine()
      .runKernel(
        'DepthwiseConv2dNativeBackpropFilter',
        { x, dy: repeatOverInputs(dy, spec) },
        { ...attributes(spec), filterShape: depthwiseShape(spec) },
      ) as tf.Tensor4D;
    return fromDepthwise(gradient, spec);
  },
};

/** `[height, width, inChannels, outChannels / groups]`. */
function depthwiseShape(spec: ConvSpec): [number, number, number, number] {
  return [spec.filterHeight, spec.filterWidth, spec.inChannels, spec.outChannels / spec.groups];
}

function toDepthwise(filter: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  const [height, width, depth] = filterShape(spec);
  if (depth === 1) return filter.reshape(depthwiseShape(spec));
  const byGroup = filter.reshape([height * width, depth, spec.groups, spec.outChannels / spec.groups]);
  return byGroup.transpose([0, 2, 1, 3]).reshape(depthwiseShape(spec));
}

function fromDepthwise(gradient: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  const [height, width, depth] = filterShape(spec);
  if (depth === 1) return gradient.reshape(filterShape(spec));
  const byGroup = gradient.reshape([height * width, spec.groups, depth, spec.outChannels / spec.groups]);
  return byGroup.transpose([0, 2, 1, 3]).reshape(filterShape(spec));
}

function sumOverInputs(products: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  const depth = spec.inChannels / spec.groups;
  if (depth === 1) return products;
  const positions = spec.batch * spec.outHeight * spec.outWidth;
  return products
    .reshape([positions * spec.groups, depth, spec.outChannels / spec.groups])
    .sum(1)
    .reshape(outputShape(spec));
}

/** Each group's output gradient once for every input channel of the group. */
function repeatOverInputs(dy: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  const depth = spec.inChannels / spec.groups;
  if (depth === 1) return dy;
  const positions = spec.batch * spec.outHeight * spec.outWidth;
  const each = dy.reshape([positions * spec.groups, spec.outChannels / spec.groups]);
  return tf
    .concat(Array<tf.Tensor>(depth).fill(each), 1)
    .reshape([spec.batch, spec.outHeight, spec.outWidth, depth * spec.outChannels]);
}

function attributes(spec: ConvSpec): tf.NamedAttrMap {
  return {
    strides: [...spec.strides],
    pad: spec.padding.kind,
    // webgpu's kernel asks for it; the others take it for granted.
    dataFormat: 'NHWC',
    dilations: [...spec.dilations],
    dimRoundingMode: undefined as unknown as string,
  };
}

import * as tf from '@tensorflow/tfjs';
import { filterShape, inputShape, type ConvSpec } from '../conv-spec';

// The stock dense kernels, called past `tf.conv2d`, which refuses strides and dilations above 1 at once although the
// kernels compute them. `padding.kind` is 'same' or 'valid' here.

/** A dense convolution by the backend's own `Conv2D` kernel. */
export function denseConv2d(x: tf.Tensor4D, filter: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  return tf.engine().runKernel('Conv2D', { x, filter }, attributes(spec)) as tf.Tensor4D;
}

/** Its gradient with respect to the input; undilated. */
export function denseBackpropInput(dy: tf.Tensor4D, filter: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  const attrs = { ...attributes(spec), inputShape: inputShape(spec) };
  return tf.engine().runKernel('Conv2DBackpropInput', { dy, filter }, attrs) as tf.Tensor4D;
}

/** Its gradient with respect to the filter; undilated. */
export function denseBackpropFilter(x: tf.Tensor4D, dy: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  const attrs = { ...attributes(spec), filterShape: filterShape(spec) };
  return tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, attrs) as tf.Tensor4D;
}

/** The same convolution with other channel counts and one group. */
export function denseSpec(spec: ConvSpec, inChannels: number, outChannels: number): ConvSpec {
  return { ...spec, groups: 1, inChannels, outChannels };
}

function attributes(spec: ConvSpec): tf.NamedAttrMap {
  return {
    strides: [...spec.strides],
    pad: spec.padding.kind,
    dataFormat: 'NHWC',
    dilations: [...spec.dilations],
    dimRoundingMode: undefined as unknown as string,
  };
}

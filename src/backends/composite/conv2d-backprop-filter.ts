import * as tf from '@tensorflow/tfjs';

interface Attrs extends tf.NamedAttrMap {
  strides: [number, number] | number;
  pad: 'same' | 'valid' | number;
  dataFormat: 'NHWC' | 'NCHW';
  dimRoundingMode: 'floor' | 'round' | 'ceil';
  filterShape: [number, number, number, number];
}

/**
 * The filter gradient of a dense convolution, composed for a backend that has no kernel of its own, which is how any
 * model trains on wasm.
 *
 * It is a convolution itself, with the images as channels: each input channel of the batch, convolved with the output
 * gradient as a filter whose dilation is the forward stride. A 1x1 filter with stride 1 needs one matrix product.
 */
export function conv2dBackpropFilterKernel(backendName: string): tf.KernelConfig {
  return {
    kernelName: 'Conv2DBackpropFilter',
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { x, dy } = inputs as Record<string, tf.Tensor4D>;
      return tf.tidy(() => filterGradient(x, dy, attrs as Attrs));
    },
  };
}

function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, attrs: Attrs): tf.Tensor4D {
  if (attrs.dataFormat === 'NCHW') {
    const channelsLast = (tensor: tf.Tensor4D) => tensor.transpose<tf.Tensor4D>([0, 2, 3, 1]);
    return filterGradient(channelsLast(x), channelsLast(dy), { ...attrs, dataFormat: 'NHWC' });
  }
  const { strides, pad, dimRoundingMode, filterShape } = attrs;
  const [height, width, inChannels, outChannels] = filterShape;
  const info = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad, dimRoundingMode);
  const { top, bottom, left, right } = info.padInfo;
  if (height * width * info.strideHeight * info.strideWidth === 1 && top + bottom + left + right === 0) {
    const columns = x.reshape([-1, inChannels]).transpose();
    return columns.matMul(dy.reshape([-1, outChannels])).reshape(filterShape);
  }
  const padded = tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]]); // prettier-ignore
  const gradient = tf.engine().runKernel(
    'Conv2D',
    { x: padded.transpose([3, 1, 2, 0]), filter: dy.transpose([1, 2, 0, 3]) },
    {
      strides: [1, 1],
      pad: 'valid',
      dataFormat: 'NHWC',
      dilations: [info.strideHeight, info.strideWidth],
      dimRoundingMode,
    },
  ) as tf.Tensor4D;
  // Rows and columns that no stride reached give positions past the filter's own.
  return gradient.slice([0, 0, 0, 0], [inChannels, height, width, outChannels]).transpose([1, 2, 0, 3]);
}

import * as tf from '@tensorflow/tfjs';
import { convSpec } from '../ops/conv-spec';
import { readColumns, readPixels, type SameConvolution } from '../ops/libtensorflow-faults';
import type { Mend } from './mend';

type Shape4D = [number, number, number, number];

/** Gives libtensorflow, through tfjs's stock kernels, another view of what {@link readColumns} says that it misreads. */
export const readColumnsOnly: Mend = (kernelName, stock) => (call) => {
  const filter = call.inputs.filter as tf.TensorInfo;
  return overView(call, filter.shape as Shape4D, kernelName.includes('Depthwise'), readColumns, stock);
};

/** The same for {@link readPixels}. */
export const readPixelsOnly: Mend = (kernelName, stock) => (call) =>
  overView(call, call.attrs?.filterShape as Shape4D, kernelName.includes('Depthwise'), readPixels, stock);

function overView(
  call: Parameters<tf.KernelFunc>[0],
  filterShape: Shape4D,
  isDepthwise: boolean,
  sameAs: (spec: ReturnType<typeof convSpec>) => SameConvolution | undefined,
  stock: tf.KernelFunc,
): ReturnType<tf.KernelFunc> {
  const attrs = call.attrs as tf.NamedAttrMap;
  const x = call.inputs.x as tf.Tensor4D;
  if (attrs.dataFormat === 'NCHW') return stock(call);
  const info = tf.backend_util.computeConv2DInfo(
    x.shape,
    filterShape,
    attrs.strides as [number, number],
    (attrs.dilations ?? 1) as [number, number],
    attrs.pad as 'same',
    attrs.dimRoundingMode as 'floor',
    isDepthwise,
  );
  const [height, width, depth, last] = filterShape;
  const { top, bottom, left, right } = info.padInfo;
  const same = sameAs(
    convSpec(x.shape, isDepthwise ? [height, width, 1, depth * last] : filterShape, {
      groups: isDepthwise ? depth : 1,
      strides: [info.strideHeight, info.strideWidth],
      dilations: [info.dilationHeight, info.dilationWidth],
      padding: [[top, bottom], [left, right]], // prettier-ignore
    }),
  );
  if (same === undefined) return stock(call);
  const { strides, dilations, padding } = same.spec;
  const pad = padding.kind === 'valid' ? 'valid' : [[0, 0], [padding.top, padding.bottom], [0, 0], [0, 0]]; // prettier-ignore
  const view = same.view(x);
  try {
    return stock({
      ...call,
      inputs: { ...call.inputs, x: view },
      attrs: { ...attrs, strides: [...strides], dilations: [...dilations], pad },
    });
  } finally {
    view.dispose();
  }
}

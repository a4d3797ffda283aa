import * as tf from '@tensorflow/tfjs';
import {
  GROUPED_CONV2D,
  GROUPED_CONV2D_BACKPROP_FILTER,
  GROUPED_CONV2D_BACKPROP_INPUT,
} from './grouped-conv2d-kernels';

// The convolution is linear in x and in the filter, so the three kernels are each other's gradients, to any order. The
// thunks are lazy: tfjs calls only those that somebody asked for, and no input gradient is computed for a first layer.

const run = (kernel: string, inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap) =>
  tf.engine().runKernel(kernel, inputs, attrs) as tf.Tensor;

/** The registered gradients of grouped convolution and of its own two gradients. */
export const GROUPED_CONV2D_GRADIENTS: readonly tf.GradConfig[] = [
  {
    kernelName: GROUPED_CONV2D,
    inputsToSave: ['x', 'filter'],
    gradFunc: (dy, [x, filter], attrs) => ({
      x: () => run(GROUPED_CONV2D_BACKPROP_INPUT, { dy: one(dy), filter }, { ...attrs, inputShape: x.shape }),
      filter: () =>
        run(GROUPED_CONV2D_BACKPROP_FILTER, { x, dy: one(dy) }, { ...attrs, filterShape: filter.shape }),
    }),
  },
  {
    kernelName: GROUPED_CONV2D_BACKPROP_INPUT,
    inputsToSave: ['dy', 'filter'],
    gradFunc: (ddx, [dy, filter], { inputShape: _, ...attrs }) => ({
      dy: () => run(GROUPED_CONV2D, { x: one(ddx), filter }, attrs),
      filter: () =>
        run(GROUPED_CONV2D_BACKPROP_FILTER, { x: one(ddx), dy }, { ...attrs, filterShape: filter.shape }),
    }),
  },
  {
    kernelName: GROUPED_CONV2D_BACKPROP_FILTER,
    inputsToSave: ['x', 'dy'],
    gradFunc: (dFilter, [x, dy], { filterShape: _, ...attrs }) => ({
      x: () =>
        run(GROUPED_CONV2D_BACKPROP_INPUT, { dy, filter: one(dFilter) }, { ...attrs, inputShape: x.shape }),
      dy: () => run(GROUPED_CONV2D, { x, filter: one(dFilter) }, attrs),
    }),
  },
];

/** These kernels have one output each, so the engine never passes a list. */
function one(gradient: tf.Tensor | tf.Tensor[]): tf.Tensor {
  return gradient as tf.Tensor;
}

import * as tf from '@tensorflow/tfjs';
import { convSpec, outputShape, type ConvSpec } from './conv-spec';
import type { Implementation } from './strategies';
import { chooseStrategy } from './strategies/choose';
import * as reduced from './strategies/reduce';

/** Kernel names, under which a backend registers them and profiles show them. */
export const GROUPED_CONV2D = 'GroupedConv2D';
export const GROUPED_CONV2D_BACKPROP_INPUT = 'GroupedConv2DBackpropInput';
export const GROUPED_CONV2D_BACKPROP_FILTER = 'GroupedConv2DBackpropFilter';

/** Attributes of all three kernels. */
export interface GroupedConv2DAttrs extends tf.NamedAttrMap {
  groups: number;
  strides: [number, number];
  dilations: [number, number];
  /** Zeros on each side, already resolved: a gradient must see the forward call's, whatever word named them. */
  padding: [[top: number, bottom: number], [left: number, right: number]];
  implementation: Implementation;
}

type Shape4D = [number, number, number, number];

/**
 * The three kernels for one backend: each chooses a strategy for its own pass, so that, say, a TensorFlow without
 * grouped gradients still convolves forward natively.
 */
export function groupedConv2dKernels(backendName: string): tf.KernelConfig[] {
  return [
    {
      kernelName: GROUPED_CONV2D,
      backendName,
      kernelFunc: ({ inputs, attrs }) => {
        const { x, filter } = inputs as Record<string, tf.Tensor4D>;
        const { implementation, ...options } = attrs as GroupedConv2DAttrs;
        const spec = convSpec(x.shape, filter.shape, options);
        const strategy = chooseStrategy(implementation, spec, 'forward', backendName);
        if (isOfNothing(spec)) return tf.zeros(outputShape(spec));
        return tf.tidy(() => reduced.forward(strategy, x, filter, spec));
      },
    },
    {
      kernelName: GROUPED_CONV2D_BACKPROP_INPUT,
      backendName,
      kernelFunc: ({ inputs, attrs }) => {
        const { dy, filter } = inputs as Record<string, tf.Tensor4D>;
        const { implementation, inputShape, ...options } = attrs as GroupedConv2DAttrs & {
          inputShape: Shape4D;
        };
        const spec = convSpec(inputShape, filter.shape, options);
        const strategy = chooseStrategy(implementation, spec, 'backpropInput', backendName);
        if (isOfNothing(spec)) return tf.zeros(inputShape);
        return tf.tidy(() => reduced.backpropInput(strategy, dy, filter, spec));
      },
    },
    {
      kernelName: GROUPED_CONV2D_BACKPROP_FILTER,
      backendName,
      kernelFunc: ({ inputs, attrs }) => {
        const { x, dy } = inputs as Record<string, tf.Tensor4D>;
        const { implementation, filterShape, ...options } = attrs as GroupedConv2DAttrs & {
          filterShape: Shape4D;
        };
        const spec: ConvSpec = convSpec(x.shape, filterShape, options);
        const strategy = chooseStrategy(implementation, spec, 'backpropFilter', backendName);
        if (isOfNothing(spec)) return tf.zeros(filterShape);
        return tf.tidy(() => reduced.backpropFilter(strategy, x, dy, spec));
      },
    },
  ];
}

/** No images, or images of no pixels: a sum over nothing, which backends do not agree on. */
function isOfNothing({ batch, inHeight, inWidth }: ConvSpec): boolean {
  return batch * inHeight * inWidth === 0;
}

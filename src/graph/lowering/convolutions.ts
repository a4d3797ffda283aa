import { outputLength, pair, resolvePadding, type Padding } from '../../ops/conv-spec';
import type { Shape, Sides, Weight } from '../graph';
import { activate } from './activations';
import {
  imageShape,
  paddingOf,
  requireChannelsLast,
  requirePixels,
  type LayerScope,
  type Lowerings,
  type Value,
} from './lowering';

interface Convolution {
  readonly filter: Weight;
  readonly bias?: Weight;
  readonly groups: number;
  readonly strides: [number, number];
  readonly dilations: [number, number];
  readonly padding: Padding;
}

function convolve(scope: LayerScope, x: Value, convolution: Convolution): Value {
  const { filter, bias, groups, strides, dilations } = convolution;
  const [height, width] = imageShape(scope, x);
  const kernel: [number, number] = [filter.shape[0], filter.shape[1]];
  const { top, bottom, left, right } = resolvePadding(
    convolution.padding,
    [height, width],
    kernel,
    strides,
    dilations,
  );
  const padding: Sides = { top, bottom, left, right };
  const shape: Shape = [
    null,
    outputLength(height + top + bottom, kernel[0], strides[0], dilations[0]),
    outputLength(width + left + right, kernel[1], strides[1], dilations[1]),
    filter.shape[3],
  ];
  requirePixels(scope, x, shape);
  return scope.add({ op: 'conv2d', filter, bias, groups, strides, dilations, padding }, [x], shape);
}

interface ConvolutionParts extends Pick<Convolution, 'filter' | 'groups'> {
  /** The layer's `dilationRate` by default. */
  readonly dilations?: unknown;
}

/** What the layers of a convolution have in common: geometry and bias, then the activation. */
function convolutionOf(
  scope: LayerScope,
  x: Value,
  { filter, groups, dilations = scope.option('dilationRate') }: ConvolutionParts,
): Value {
  requireChannelsLast(scope);
  const convolved = convolve(scope, x, {
    filter,
    bias: scope.weight('bias'),
    groups,
    strides: pair('strides', scope.option('strides')),
    dilations: pair('dilationRate', dilations),
    padding: paddingOf(scope),
  });
  return activate(scope, convolved, scope.option('activation'));
}

/** Of `[height, width, channels, multiplier]`, each channel's filters come one after the other: one group a channel. */
function asGrouped({ shape: [height, width, channels, multiplier], data }: Weight): Weight {
  return { shape: [height, width, 1, channels * multiplier], data };
}

export const CONVOLUTION_LOWERINGS: Lowerings = {
  Conv2D: (scope, [x]) => convolutionOf(scope, x, { filter: scope.requiredWeight('kernel'), groups: 1 }),
  GroupedConv2D: (scope, [x]) =>
    convolutionOf(scope, x, {
      filter: scope.requiredWeight('kernel'),
      groups: scope.option<number>('groups'),
    }),
  DepthwiseConv2D: (scope, [x]) => {
    const kernel = scope.requiredWeight('depthwise_kernel');
    // tfjs's ignores its `dilationRate`.
    const options = { filter: asGrouped(kernel), groups: kernel.shape[2], dilations: 1 };
    return convolutionOf(scope, x, options);
  },
  SeparableConv2D: (scope, [x]) => {
    requireChannelsLast(scope);
    const depthwise = scope.requiredWeight('depthwise_kernel');
    const filtered = convolve(scope, x, {
      filter: asGrouped(depthwise),
      groups: depthwise.shape[2],
      strides: pair('strides', scope.option('strides')),
      dilations: pair('dilationRate', scope.option('dilationRate')),
      padding: paddingOf(scope),
    });
    const mixed = convolve(scope, filtered, {
      filter: scope.requiredWeight('pointwise_kernel'),
      bias: scope.weight('bias'),
      groups: 1,
      strides: [1, 1],
      dilations: [1, 1],
      padding: 'valid',
    });
    return activate(scope, mixed, scope.option('activation'));
  },
};

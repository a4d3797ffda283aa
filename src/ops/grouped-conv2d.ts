import * as tf from '@tensorflow/tfjs';
import { checkTensor } from '../check-kinds';
import { checkOptions, type OptionNames } from '../check-options';
import { check } from '../errors';
import {
  CONV_OPTIONS,
  convSpec,
  filterShape,
  inputShape,
  type ConvOptions,
  type ConvSpec,
} from './conv-spec';
import {
  GROUPED_CONV2D,
  GROUPED_CONV2D_BACKPROP_FILTER,
  GROUPED_CONV2D_BACKPROP_INPUT,
  type GroupedConv2DAttrs,
} from './grouped-conv2d-kernels';
import { checkImplementation, explainChoice, type Choice } from './strategies/choose';
import type { Implementation } from './strategies';
import type { Pass } from './strategies/strategy';

/** Options of {@link groupedConv2d}. */
export interface GroupedConv2DOptions extends ConvOptions {
  /** How to compute it: `'auto'` (the fastest for backend and shape) or a strategy by name. */
  implementation?: Implementation;
}

const OPTIONS: OptionNames<GroupedConv2DOptions> = { ...CONV_OPTIONS, implementation: true };
const EXPLAIN_OPTIONS = { inputShape: true, filterShape: true, ...OPTIONS } as const;

/**
 * Grouped 2-D convolution: group *g* convolves the input channels `[g·in/groups, (g+1)·in/groups)` to the output
 * channels `[g·out/groups, (g+1)·out/groups)`. Krizhevsky et al. 2012; ResNeXt, arXiv:1611.05431, calls the number of
 * groups cardinality.
 *
 * Unlike `tf.conv2d` it is differentiable with dilations above 1, and takes strides and dilations together.
 *
 * @param x `[batch, height, width, inChannels]` or `[height, width, inChannels]`, float32
 * @param filter `[filterHeight, filterWidth, inChannels / groups, outChannels]`, float32
 * @param options `groups` (1), `strides` (1), `padding` (`'valid'`), `dilations` (1), `implementation` (`'auto'`)
 * @returns `[batch, outHeight, outWidth, outChannels]`, without the batch where `x` had none
 * @throws InvalidArgumentError where groups do not divide the channels, shapes do not fit or an option is unknown
 * @throws CardinalError where a strategy asked for by name cannot run on the backend
 *
 * @example
 * const y = groupedConv2d(tf.ones([1, 8, 8, 8]), tf.ones([3, 3, 4, 16]), { groups: 2, padding: 'same' });
 */
export function groupedConv2d<T extends tf.Tensor>(
  x: T,
  filter: tf.Tensor,
  options: GroupedConv2DOptions = {},
): T {
  checkOptions('groupedConv2d', options, OPTIONS);
  const [x4D, hadBatch] = asFloatBatch('x', x);
  checkFloat('filter', filter);
  const { attrs } = geometry(x4D.shape, filter.shape, options);
  const y = tf.engine().runKernel(GROUPED_CONV2D, { x: x4D, filter }, attrs) as tf.Tensor4D;
  return (hadBatch ? y : y.squeeze([0])) as tf.Tensor as T;
}

/**
 * The gradient of {@link groupedConv2d} with respect to its input, itself differentiable (it is also the transposed
 * convolution).
 *
 * @param shape the input's shape, 4-D or 3-D
 * @param dy the gradient of the output, in the output's shape
 * @param filter the filter of the forward call
 * @param options those of the forward call
 * @returns a tensor in the input's shape
 * @throws InvalidArgumentError as {@link groupedConv2d}, and where `dy` has not the output's shape
 *
 * @example
 * const dx = groupedConv2dBackpropInput(x.shape, dy, filter, { groups: 2, padding: 'same' });
 */
export function groupedConv2dBackpropInput<T extends tf.Tensor>(
  shape: T['shape'],
  dy: T,
  filter: tf.Tensor,
  options: GroupedConv2DOptions = {},
): T {
  checkOptions('groupedConv2dBackpropInput', options, OPTIONS);
  check(Array.isArray(shape), 'shape', "the input's shape", shape);
  const [dy4D, hadBatch] = asFloatBatch('dy', dy);
  checkFloat('filter', filter);
  const shape4D = hadBatch ? shape : [1, ...shape];
  const { spec, attrs } = geometry(shape4D, filter.shape, options);
  checkOutputGradient(dy4D, spec);
  const attributes = { ...attrs, inputShape: inputShape(spec) };
  const dx = tf
    .engine()
    .runKernel(GROUPED_CONV2D_BACKPROP_INPUT, { dy: dy4D, filter }, attributes) as tf.Tensor;
  return (hadBatch ? dx : dx.squeeze([0])) as T;
}

/**
 * The gradient of {@link groupedConv2d} with respect to its filter, itself differentiable.
 *
 * @param x the input of the forward call
 * @param dy the gradient of the output, in the output's shape
 * @param shape the filter's shape `[filterHeight, filterWidth, inChannels / groups, outChannels]`
 * @param options those of the forward call
 * @returns a tensor in the filter's shape
 * @throws InvalidArgumentError as {@link groupedConv2d}, and where `dy` has not the output's shape
 *
 * @example
 * const dFilter = groupedConv2dBackpropFilter(x, dy, filter.shape, { groups: 2, padding: 'same' });
 */
export function groupedConv2dBackpropFilter(
  x: tf.Tensor,
  dy: tf.Tensor,
  shape: readonly number[],
  options: GroupedConv2DOptions = {},
): tf.Tensor4D {
  checkOptions('groupedConv2dBackpropFilter', options, OPTIONS);
  const [x4D] = asFloatBatch('x', x);
  const [dy4D] = asFloatBatch('dy', dy);
  const { spec, attrs } = geometry(x4D.shape, shape, options);
  checkOutputGradient(dy4D, spec);
  const attributes = { ...attrs, filterShape: filterShape(spec) };
  return tf
    .engine()
    .runKernel(GROUPED_CONV2D_BACKPROP_FILTER, { x: x4D, dy: dy4D }, attributes) as tf.Tensor4D;
}

/**
 * Which strategy `'auto'` takes on the current backend for each pass of a convolution, why, and why each other is not
 * taken.
 *
 * @param convolution input and filter shape and the options of {@link groupedConv2d}
 * @throws InvalidArgumentError as {@link groupedConv2d}
 *
 * @example
 * explain({ inputShape: [1, 56, 56, 128], filterShape: [3, 3, 4, 128], groups: 32, padding: 'same' }).forward.strategy;
 */
export function explain(
  convolution: ConvOptions & { inputShape: readonly number[]; filterShape: readonly number[] },
): Record<Pass, Choice> {
  checkOptions('explain', convolution, EXPLAIN_OPTIONS);
  const { inputShape, filterShape, ...options } = convolution;
  const spec = convSpec(inputShape, filterShape, options);
  const backend = tf.getBackend();
  return {
    forward: explainChoice(spec, 'forward', backend),
    backpropInput: explainChoice(spec, 'backpropInput', backend),
    backpropFilter: explainChoice(spec, 'backpropFilter', backend),
  };
}

function geometry(
  input: readonly number[],
  filter: readonly number[],
  options: GroupedConv2DOptions,
): { spec: ConvSpec; attrs: GroupedConv2DAttrs } {
  const implementation = options.implementation ?? 'auto';
  checkImplementation(implementation);
  const spec = convSpec(input, filter, options);
  const { top, bottom, left, right } = spec.padding;
  const attrs = {
    groups: spec.groups,
    strides: [...spec.strides] as [number, number],
    dilations: [...spec.dilations] as [number, number],
    padding: [[top, bottom], [left, right]] as GroupedConv2DAttrs['padding'], // prettier-ignore
    implementation,
  };
  return { spec, attrs };
}

function asFloatBatch(argument: string, tensor: tf.Tensor): [tf.Tensor4D, boolean] {
  checkFloat(argument, tensor);
  if (tensor.rank === 4) return [tensor as tf.Tensor4D, true];
  check(tensor.rank === 3, argument, 'a tensor of rank 4 or 3', tensor.shape);
  return [tensor.expandDims<tf.Tensor4D>(0), false];
}

function checkFloat(argument: string, tensor: tf.Tensor): void {
  checkTensor(argument, tensor);
  check(tensor.dtype === 'float32', argument, 'a float32 tensor', tensor.dtype);
}

function checkOutputGradient(dy: tf.Tensor4D, spec: ConvSpec): void {
  const expected = [spec.batch, spec.outHeight, spec.outWidth, spec.outChannels];
  check(tf.util.arraysEqual(dy.shape, expected), 'dy', `the output's shape [${expected}]`, dy.shape);
}

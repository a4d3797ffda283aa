import * as tf from '@tensorflow/tfjs';
import { filterShape, type ConvSpec } from '../conv-spec';
import { denseBackpropFilter, denseBackpropInput, denseConv2d, denseSpec } from './dense';
import type { Strategy } from './strategy';

/**
 * One dense convolution whose filter is zero where input and output lie in different groups. It computes `groups`
 * times more than needed in one call, which pays where calls cost more than arithmetic.
 */
export const blockDiagonal: Strategy<'block-diagonal'> = {
  name: 'block-diagonal',
  summary: 'one dense convolution with zeros between the groups',
  declines: () => undefined,
  forward: (x, filter, spec) => denseConv2d(x, spread(filter, spec), ofAllChannels(spec)),
  backpropInput: (dy, filter, spec) => denseBackpropInput(dy, spread(filter, spec), ofAllChannels(spec)),
  backpropFilter: (x, dy, spec) => collect(denseBackpropFilter(x, dy, ofAllChannels(spec)), spec),
};

/** The dense filter `[height, width, inChannels, outChannels]` with the groups' filters along its diagonal. */
function spread(filter: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  if (spec.groups === 1) return filter;
  const [height, width, depth, outChannels] = filterShape(spec);
  // Repeated down the rows, then masked: [taps, groups, depth, groups, outChannels / groups].
  const columns = filter.reshape([height * width, 1, depth, spec.groups, outChannels / spec.groups]);
  return columns.mul(diagonal(spec.groups)).reshape([height, width, spec.inChannels, outChannels]);
}

/** The blocks on the diagonal of a dense filter's gradient. */
function collect(gradient: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  if (spec.groups === 1) return gradient;
  const [height, width, depth, outChannels] = filterShape(spec);
  const blocks = gradient.reshape([
    height * width,
    spec.groups,
    depth,
    spec.groups,
    outChannels / spec.groups,
  ]);
  return blocks.mul(diagonal(spec.groups)).sum(1).reshape([height, width, depth, outChannels]);
}

function diagonal(groups: number): tf.Tensor {
  return tf.eye(groups).reshape([1, groups, 1, groups, 1]);
}

function ofAllChannels(spec: ConvSpec): ConvSpec {
  return denseSpec(spec, spec.inChannels, spec.outChannels);
}

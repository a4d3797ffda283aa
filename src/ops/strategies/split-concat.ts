import * as tf from '@tensorflow/tfjs';
import { denseBackpropFilter, denseBackpropInput, denseConv2d, denseSpec } from './dense';
import type { Strategy } from './strategy';
import type { ConvSpec } from '../conv-spec';

const CHANNELS = 3;

/**
 * The textbook form and the reference of every other: split the channels into groups, convolve each group by itself,
 * concatenate the results.
 */
export const splitConcat: Strategy<'split-concat'> = {
  name: 'split-concat',
  summary: 'one dense convolution a group, between a split and a concatenation',
  declines: () => undefined,
  forward(x, filter, spec) {
    const filters = split(filter, spec.groups);
    return concat(
      split(x, spec.groups).map((part, group) => denseConv2d(part, filters[group], ofOneGroup(spec))),
    );
  },
  backpropInput(dy, filter, spec) {
    const filters = split(filter, spec.groups);
    return concat(
      split(dy, spec.groups).map((part, group) => denseBackpropInput(part, filters[group], ofOneGroup(spec))),
    );
  },
  backpropFilter(x, dy, spec) {
    const gradients = split(dy, spec.groups);
    return concat(
      split(x, spec.groups).map((part, group) =>
        denseBackpropFilter(part, gradients[group], ofOneGroup(spec)),
      ),
    );
  },
};

function split(tensor: tf.Tensor4D, groups: number): tf.Tensor4D[] {
  return groups === 1 ? [tensor] : tf.split(tensor, groups, CHANNELS);
}

function concat(parts: tf.Tensor4D[]): tf.Tensor4D {
  return parts.length === 1 ? parts[0] : tf.concat(parts, CHANNELS);
}

function ofOneGroup(spec: ConvSpec): ConvSpec {
  return denseSpec(spec, spec.inChannels / spec.groups, spec.outChannels / spec.groups);
}

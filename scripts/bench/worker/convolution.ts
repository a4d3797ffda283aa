import * as tf from '@tensorflow/tfjs';
import '../../../src/backends/register-kernels';
import { convSpec } from '../../../src/ops/conv-spec';
import {
  groupedConv2d,
  groupedConv2dBackpropFilter,
  groupedConv2dBackpropInput,
} from '../../../src/ops/grouped-conv2d';
import type { Implementation } from '../../../src/ops/strategies';
import { chooseStrategy } from '../../../src/ops/strategies/choose';
import type { Pass } from '../../../src/ops/strategies/strategy';
import { readInputs } from './inputs';
import { outputOf } from './outputs';
import { UnsupportedError } from './unsupported';
import type { Prepared, Setting } from './works';

/** Grouped convolution by itself: the forward pass, one gradient, or the forward pass and both gradients. */
export async function prepareConvolution(setting: Setting<'convolution'>): Promise<Prepared> {
  const { shape, pass } = setting.work;
  const { x, filter, dy } = (await readInputs(setting.folder)) as Record<'x' | 'filter' | 'dy', tf.Tensor4D>;
  const depth = shape.in / shape.groups;
  // Without this package a depthwise convolution is a stock op, not one convolution a channel.
  const stock = depth === 1 ? 'depthwise-sum' : 'split-concat';
  const options = {
    groups: shape.groups,
    strides: shape.stride ?? 1,
    padding: ((shape.kernel ?? 3) - 1) / 2,
    implementation: (setting.implementation === 'stock' ? stock : setting.implementation) as Implementation,
  };
  const spec = convSpec(x.shape, filter.shape, options);
  const passes: Pass[] =
    pass === 'forward+backward' ? ['forward', 'backpropInput', 'backpropFilter'] : [pass];
  for (const each of passes) {
    try {
      chooseStrategy(options.implementation, spec, each, tf.getBackend());
    } catch (error) {
      throw new UnsupportedError((error as Error).message);
    }
  }
  const convolve = (input: tf.Tensor4D, weights: tf.Tensor4D) => groupedConv2d(input, weights, options);
  const compute: Record<typeof pass, () => Record<string, tf.Tensor>> = {
    forward: () => ({ y: convolve(x, filter) }),
    backpropInput: () => ({ dx: groupedConv2dBackpropInput(x.shape, dy, filter, options) }),
    backpropFilter: () => ({ dFilter: groupedConv2dBackpropFilter(x, dy, filter.shape, options) }),
    'forward+backward': () => {
      const { value, grads } = tf.valueAndGrads(convolve as never)([x, filter], dy);
      return { y: value, dx: grads[0], dFilter: grads[1] };
    },
  };
  return {
    check: async () =>
      new Map(Object.entries(tf.tidy(compute[pass])).map(([name, tensor]) => [name, outputOf(tensor)])),
    step: () => {
      const outputs = tf.tidy(compute[pass]);
      // On tensorflow an op has finished when its call returns; a reading waits wherever that is not so.
      if (tf.getBackend() !== 'tensorflow') for (const tensor of Object.values(outputs)) tensor.dataSync();
      tf.dispose(outputs);
    },
    dispose: () => tf.dispose([x, filter, dy]),
  };
}

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
import { stepCompiler } from '../../../src/backends/step-compiler';
import { COMPILED } from '../protocol';
import { readInputs } from './inputs';
import { outputOf } from './outputs';
import { UnsupportedError } from './unsupported';
import type { Prepared, Setting } from './works';

interface Inputs {
  readonly x: tf.Tensor4D;
  readonly filter: tf.Tensor4D;
  readonly dy: tf.Tensor4D;
}

/** Grouped convolution by itself: the forward pass, one gradient, or the forward pass and both gradients. */
export async function prepareConvolution(setting: Setting<'convolution'>): Promise<Prepared> {
  const { shape, pass } = setting.work;
  const given = (await readInputs(setting.folder)) as unknown as Inputs;
  const depth = shape.in / shape.groups;
  // Without this package a depthwise convolution is a stock op, not one convolution a channel.
  const stock = depth === 1 ? 'depthwise-sum' : 'split-concat';
  const chosen: Record<string, string> = { stock, [COMPILED]: 'auto' };
  const options = {
    groups: shape.groups,
    strides: shape.stride ?? 1,
    padding: ((shape.kernel ?? 3) - 1) / 2,
    implementation: (chosen[setting.implementation] ?? setting.implementation) as Implementation,
  };
  const spec = convSpec(given.x.shape, given.filter.shape, options);
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
  const compute: Record<typeof pass, (inputs: Inputs) => Record<string, tf.Tensor>> = {
    forward: ({ x, filter }) => ({ y: convolve(x, filter) }),
    backpropInput: ({ x, filter, dy }) => ({ dx: groupedConv2dBackpropInput(x.shape, dy, filter, options) }),
    backpropFilter: ({ x, filter, dy }) => ({
      dFilter: groupedConv2dBackpropFilter(x, dy, filter.shape, options),
    }),
    'forward+backward': ({ x, filter, dy }) => {
      const { value, grads } = tf.valueAndGrads(convolve as never)([x, filter], dy);
      return { y: value, dx: grads[0], dFilter: grads[1] };
    },
  };
  const { run, free } =
    setting.implementation === COMPILED
      ? compiled(compute[pass], given)
      : { run: () => tf.tidy(() => compute[pass](given)), free: () => undefined };
  return {
    check: async () => new Map(Object.entries(run()).map(([name, tensor]) => [name, outputOf(tensor)])),
    step: () => {
      const outputs = run();
      // On tensorflow an op has finished when its call returns; a reading waits wherever that is not so.
      if (tf.getBackend() !== 'tensorflow') for (const tensor of Object.values(outputs)) tensor.dataSync();
      tf.dispose(outputs);
    },
    dispose: () => {
      free();
      tf.dispose([given.x, given.filter, given.dy]);
    },
  };
}

/** All of it as one call of the backend, as `train` has the whole of a training step. */
function compiled(
  compute: (inputs: Inputs) => Record<string, tf.Tensor>,
  given: Inputs,
): { run: () => Record<string, tf.Tensor>; free: () => void } {
  const compile = stepCompiler();
  if (compile === undefined) throw new UnsupportedError(`${tf.getBackend()} compiles no steps`);
  const { x, filter, dy } = given;
  let names: string[] = [];
  const step = compile(
    (inputs) => {
      const [image, weights, gradient] = inputs as tf.Tensor4D[];
      const outputs = compute({ x: image, filter: weights, dy: gradient });
      names = Object.keys(outputs);
      return Object.values(outputs);
    },
    [x, filter, dy],
    () => undefined,
  );
  return {
    run: () => {
      const { outputs } = step.run([x, filter, dy]);
      return Object.fromEntries(names.map((name, i) => [name, outputs[i]]));
    },
    free: () => step.dispose(),
  };
}

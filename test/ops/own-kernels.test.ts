import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { convSpec, type ConvOptions } from '../../src/ops/conv-spec';
import { runOwnKernel, withoutOwnKernels } from '../../src/ops/own-kernels';
import { runTensorflow } from '../../src/ops/libtensorflow';
import { chooseStrategy } from '../../src/ops/strategies/choose';
import { direct } from '../../src/ops/strategies/direct';
import { winograd } from '../../src/ops/strategies/winograd';
import { HAS_OWN_KERNELS } from '../support/backends';
import { runChild } from '../support/run-child';

// Values are the conformance suite's (strategies.test.ts). Without AVX-512 there is nothing to test here.
const describeOwn = HAS_OWN_KERNELS ? describe : describe.skip;

describeOwn('our own kernels', () => {
  beforeAll(() => useBackend('tensorflow'));

  const GROUPS_OF_8 = convSpec([1, 6, 6, 16], [3, 3, 8, 16], { groups: 2, padding: 1 });

  type Shape = [number, number, number, number];
  it.each<[string, Shape, Shape, ConvOptions, string | undefined]>([
    ['groups of 8', [1, 6, 6, 16], [3, 3, 8, 16], { groups: 2 }, undefined],
    ['depthwise 7x7', [1, 9, 9, 32], [7, 7, 1, 32], { groups: 32 }, undefined],
    ['other channels out', [1, 6, 6, 16], [3, 3, 8, 32], { groups: 2 }, 'as many channels out as in, and these are 16 and 32'],
    ['24 channels', [1, 6, 6, 24], [3, 3, 8, 24], { groups: 3 }, '16 channels at a time, which do not divide 24'],
    ['groups of 2', [1, 6, 6, 16], [3, 3, 2, 16], { groups: 8 }, 'groups of 1, 4, 8, 16 channels, not of 2'],
    ['grouped 5x5', [1, 6, 6, 16], [5, 5, 4, 16], { groups: 4 }, 'kernels of 3x3, not of 5x5'],
    ['a flat kernel', [1, 6, 6, 16], [3, 1, 1, 16], { groups: 16 }, 'kernels of 3x3, 5x5, 7x7, not of 3x1'],
    ['stride 3', [1, 6, 6, 16], [3, 3, 4, 16], { groups: 4, strides: 3 }, 'strides 1 and 2, not 3x3'],
    ['two strides', [1, 6, 6, 16], [3, 3, 4, 16], { groups: 4, strides: [1, 2] }, 'strides 1 and 2, not 1x2'],
    ['dilation', [1, 6, 6, 16], [3, 3, 4, 16], { groups: 4, dilations: 2 }, 'no dilations'],
    ['much padding', [1, 6, 6, 16], [3, 3, 4, 16], { groups: 4, padding: 3 }, 'less padding than the kernel is wide'],
  ])('several groups to a vector: %s', (_, x, filter, options, reason) => {
    const refusal = direct.declines(convSpec(x, filter, options), 'forward', 'tensorflow');
    if (reason === undefined) expect(refusal).toBeUndefined();
    else expect(refusal).toContain(reason);
  }); // prettier-ignore

  it.each<[string, Shape, Shape, ConvOptions, string | undefined]>([
    ['3x3', [1, 6, 6, 32], [3, 3, 32, 64], {}, undefined],
    ['two groups', [1, 6, 6, 64], [3, 3, 32, 64], { groups: 2 }, 'one group, not 2'],
    ['5x5', [1, 6, 6, 32], [5, 5, 32, 32], {}, 'kernels of 3x3, not of 5x5'],
    ['stride 2', [1, 6, 6, 32], [3, 3, 32, 32], { strides: 2 }, undefined],
    ['stride 3', [1, 6, 6, 32], [3, 3, 32, 32], { strides: 3 }, 'strides 1 and 2, not 3x3'],
    ['two strides', [1, 6, 6, 32], [3, 3, 32, 32], { strides: [2, 1] }, 'strides 1 and 2, not 2x1'],
    ['dilation', [1, 6, 6, 32], [3, 3, 32, 32], { dilations: 2 }, 'no dilations'],
    ['48 channels', [1, 6, 6, 48], [3, 3, 48, 32], {}, '32 channels at a time, which do not divide both 48 and 32'],
    ['much padding', [1, 6, 6, 32], [3, 3, 32, 32], { padding: 3 }, 'less padding than the kernel is wide'],
  ])('minimal filtering: %s', (_, x, filter, options, reason) => {
    const refusal = winograd.declines(convSpec(x, filter, options), 'forward', 'tensorflow');
    if (reason === undefined) expect(refusal).toBeUndefined();
    else expect(refusal).toContain(reason);
  }); // prettier-ignore

  it('come before TensorFlow, and rest when told to', () => {
    const chosen = () => chooseStrategy('auto', GROUPS_OF_8, 'forward', 'tensorflow').name;
    expect(chosen()).toBe('direct');
    expect(withoutOwnKernels('a reason', chosen)).toBe('native');
    expect(() =>
      withoutOwnKernels('a reason', () => chooseStrategy('direct', GROUPS_OF_8, 'forward', 'tensorflow')),
    ).toThrow('a reason');
    expect(chosen()).toBe('direct');
  });

  it.each<[string, number, number, string]>([
    ['many outputs', 8, 16, 'winograd'],
    ['few', 1, 16, 'native'],
    ['many, of which each fills a small part of its tile', 64, 2, 'native'],
  ])('filter minimally where it pays: %s', (_, batch, size, expected) => {
    const spec = convSpec([batch, size, size, 64], [3, 3, 64, 64], { padding: 'same' });
    expect(chooseStrategy('auto', spec, 'backpropInput', 'tensorflow').name).toBe(expected);
  });

  it('leave depthwise 3x3 to TensorFlow, and no larger kernel', () => {
    const chosen = (size: number) => {
      const spec = convSpec([8, 16, 16, 32], [size, size, 1, 32], { groups: 32, padding: 'same' });
      return chooseStrategy('auto', spec, 'forward', 'tensorflow').name;
    };
    expect([3, 5, 7].map(chosen)).toEqual(['native', 'direct', 'direct']);
  });

  it('refuse tensors that do not go together instead of reading beyond them', () => {
    const x = tf.ones<tf.Rank.R4>([1, 6, 6, 16]);
    const narrow = tf.ones<tf.Rank.R4>([3, 3, 4, 16]);
    const run = (first: tf.Tensor, second: tf.Tensor) =>
      runOwnKernel(
        'CardinalDirectConv2D',
        'forward',
        first as tf.Tensor4D,
        second as tf.Tensor4D,
        GROUPS_OF_8,
      );
    expect(() => run(x, narrow)).toThrow('whose shape goes with the first');
    expect(() => run(tf.ones([6, 16]), narrow)).toThrow('rank 4');
    expect(() => run(tf.ones([1, 6, 6, 24]), tf.ones([3, 3, 12, 24]))).toThrow('which 16 divides');
    const attributes = {
      T: null,
      kernel_size: 3,
      groups: 4,
      stride: 1,
      top: 0,
      left: 0,
      height: 6,
      width: 6,
    };
    const refused: [Partial<typeof attributes>, string][] = [
      [{ top: 3 }, 'zeros on a side'],
      [{ left: -1 }, 'zeros on a side'],
      [{ stride: 3 }, 'stride 1 or 2'],
      [{ height: -1 }, 'positive sizes'],
      [{ groups: 0 }, 'positive sizes and groups'],
      [{ groups: 3 }, 'groups that divide'],
    ];
    for (const [change, expected] of refused) {
      const run = () => runTensorflow('CardinalDirectConv2D', [x, narrow], { ...attributes, ...change });
      expect(run).toThrow(expected);
    }
    expect(() => runTensorflow('CardinalWinogradConv2D', [x, narrow], attributes)).toThrow(
      'channels that 32 divides',
    );
  });

  it('give the same bits again, by one thread and by several', async () => {
    const run = (threads: string) =>
      runChild<string>(join(__dirname, 'own-kernels-child.ts'), { TF_NUM_INTRAOP_THREADS: threads });
    const [one, several, again] = [await run('1'), await run('4'), await run('4')];
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(several).toBe(one);
    expect(again).toBe(one);
  });

  it('outlive worker threads that load them and end', async () => {
    const sums = await runChild<number[]>(join(__dirname, 'own-kernels-workers-child.ts'));
    // Ones everywhere: each output counts the pixels under its kernel, 9 inside, 6 along an edge and 4 at a corner.
    const expected = 4 * 32 * 4 * (6 * 6 * 9 + 4 * 6 * 6 + 4 * 4);
    expect(sums).toEqual([expected, expected, expected]);
  });
});

// By what stands in for the addon: no machine has all of it.
describe('what is said where the kernels are not there', () => {
  type Addon = { isSupported: boolean };
  const missing = () => require('/nowhere/cardinal_kernels.node') as Addon;
  const damaged = () => {
    throw Object.assign(new Error('libtensorflow_cc.so.2: cannot open\nmore'), { code: 'ERR_DLOPEN_FAILED' });
  };

  it.each<[string, (() => Addon) | undefined, string, string | undefined]>([
    [
      'before anything is loaded',
      undefined,
      'other-backend',
      'its kernels run on the tensorflow backend only',
    ],
    [
      'without AVX-512',
      () => ({ isSupported: false }),
      'processor',
      'its kernels need AVX-512, which this processor lacks',
    ],
    [
      'without the addon',
      missing,
      'not-compiled',
      "its kernels are not compiled: run 'npx cardinal setup --force'",
    ],
    [
      'with a damaged addon',
      damaged,
      'failed',
      "its kernels do not load: run 'npx cardinal setup --force' (libtensorflow_cc.so.2: cannot open)",
    ],
    ['with all of it', () => ({ isSupported: true }), 'ready', undefined],
  ])('%s', (_, load, state, reason) => {
    jest.isolateModules(() => {
      const fresh = require('../../src/ops/own-kernels') as typeof import('../../src/ops/own-kernels');
      if (load !== undefined) fresh.registerOwnKernels(load);
      expect([fresh.ownKernelsState(), fresh.whyNoOwnKernels()]).toEqual([state, reason]);
    });
  });
});

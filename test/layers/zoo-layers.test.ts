import * as tf from '@tensorflow/tfjs';
import { InvalidArgumentError } from '../../src/errors';
import { channelShuffle } from '../../src/layers/channel-shuffle';
import { dropPath } from '../../src/layers/drop-path';
import { hardSwishLayer } from '../../src/layers/hard-swish';
import { layerScale } from '../../src/layers/layer-scale';
import { squeezeExcite, type SqueezeExciteArgs } from '../../src/layers/squeeze-excite';
import { describeOnBackends } from '../support/backends';
import { relativeError } from '../support/grouped-conv2d-oracle';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const ACTIVATIONS = { relu: (x: number) => Math.max(x, 0), silu: (x: number) => x * sigmoid(x) };
const GATES = { sigmoid, hardSigmoid: (x: number) => Math.min(Math.max(x / 6 + 0.5, 0), 1) };

/** Squeeze and excitation by loops over `[batch][position][channel]`. */
function excited(
  x: number[][][],
  [kernel1, bias1, kernel2, bias2]: ArrayLike<number>[],
  activation: (x: number) => number,
  gate: (x: number) => number,
): number[] {
  const product = (vector: number[], kernel: ArrayLike<number>, bias: ArrayLike<number>) =>
    Array.from(bias, (b, to) =>
      vector.reduce((sum, value, from) => sum + value * kernel[from * bias.length + to], b),
    );
  return x.flatMap((image) => {
    const means = image[0].map((_, c) => image.reduce((sum, pixel) => sum + pixel[c], 0) / image.length);
    const squeezed = product(means, kernel1, bias1).map(activation);
    const gates = product(squeezed, kernel2, bias2).map(gate);
    return image.flatMap((pixel) => pixel.map((value, c) => value * gates[c]));
  });
}

describeOnBackends('SqueezeExcite', () => {
  it.each([
    ['relu', 'sigmoid'],
    ['silu', 'sigmoid'],
    ['relu', 'hardSigmoid'],
    [undefined, undefined],
  ] as [SqueezeExciteArgs['activation'], SqueezeExciteArgs['gate']][])('%s, %s', (activation, gate) => {
    tf.tidy(() => {
      const random = tf.initializers.randomNormal({ stddev: 1, seed: 4 });
      const layer = squeezeExcite({ squeezeChannels: 3, activation, gate, kernelInitializer: random, biasInitializer: random }); // prettier-ignore
      const x = tf.randomNormal<tf.Rank.R4>([2, 4, 3, 5], 0.5, 1, 'float32', 1);
      const y = layer.apply(x) as tf.Tensor;
      const images = x.reshape<tf.Tensor3D>([2, 12, 5]).arraySync();
      const weights = layer.getWeights().map((weight) => weight.dataSync());
      const expected = excited(images, weights, ACTIVATIONS[activation ?? 'relu'], GATES[gate ?? 'sigmoid']);
      expect(relativeError(y.dataSync(), expected)).toBeLessThan(1e-5);
      layer.dispose();
    });
  });

  it('starts its two kernels from different numbers, the same for a seed', () => {
    const make = () => {
      const layer = squeezeExcite({
        squeezeChannels: 4,
        kernelInitializer: tf.initializers.heNormal({ seed: 9 }),
      });
      layer.build([null, 2, 2, 4]);
      return layer.getWeights().map((weight) => [...weight.dataSync()]);
    };
    const [first, , second] = make();
    expect(first).not.toEqual(second);
    expect(make()[0]).toEqual(first);
    expect(make()[2]).toEqual(second);
  });
});

describeOnBackends('DropPath', () => {
  const rate = 0.25;

  it('drops whole images at its rate in training, and scales what it keeps', () => {
    tf.tidy(() => {
      const y = dropPath({ rate, seed: 3 }).apply(tf.ones([2000, 2, 2, 3]), { training: true }) as tf.Tensor;
      const images = y.reshape<tf.Tensor2D>([2000, 12]).arraySync();
      for (const image of images) {
        expect(new Set(image).size).toBe(1);
        expect([0, Math.fround(1 / (1 - rate))]).toContainEqual(Math.fround(image[0]));
      }
      const dropped = images.filter(([first]) => first === 0).length / images.length;
      // Five standard deviations of a share of 2000 draws.
      expect(Math.abs(dropped - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / 2000));
    });
  });

  it('draws the same with a seed, and anew without', () => {
    tf.tidy(() => {
      const draw = (seed?: number) => {
        const layer = dropPath({ rate: 0.5, seed });
        return [0, 1].map(() => [
          ...(layer.apply(tf.ones([64, 1]), { training: true }) as tf.Tensor).dataSync(),
        ]);
      };
      expect(draw(5)[0]).toEqual(draw(5)[1]);
      expect(draw(5)[0]).not.toEqual(draw(6)[0]);
      expect(draw()[0]).not.toEqual(draw()[1]);
    });
  });

  it('passes everything outside of training, and at rate 0, as a tensor of its own', () => {
    tf.tidy(() => {
      const x = tf.tensor2d([[1, -2], [3, 4]]); // prettier-ignore
      for (const y of [
        dropPath({ rate }).apply(x),
        dropPath({ rate: 0 }).apply(x, { training: true }),
      ] as tf.Tensor[]) {
        expect([...y.dataSync()]).toEqual([1, -2, 3, 4]);
        y.dispose();
      }
      expect([...x.dataSync()]).toEqual([1, -2, 3, 4]);
    });
  });
});

describeOnBackends('the simple ones', () => {
  it('LayerScale: each channel by its weight, 1e-6 at first', () => {
    tf.tidy(() => {
      const layer = layerScale();
      const x = tf.tensor4d([1, 2, 3, 4, 5, 6], [1, 1, 2, 3]);
      const before = (layer.apply(x) as tf.Tensor).dataSync();
      expect(relativeError(before, [1e-6, 2e-6, 3e-6, 4e-6, 5e-6, 6e-6])).toBeLessThan(1e-6);
      layer.setWeights([tf.tensor1d([10, -1, 0.5])]);
      expect([...(layer.apply(x) as tf.Tensor).dataSync()]).toEqual([10, -2, 1.5, 40, -5, 3]);
      layer.dispose();
    });
  });

  it('ChannelShuffle: ShuffleNet figure 1, three groups of two', () => {
    tf.tidy(() => {
      const y = channelShuffle({ groups: 3 }).apply(tf.tensor4d([1, 2, 3, 4, 5, 6], [1, 1, 1, 6]));
      expect([...(y as tf.Tensor).dataSync()]).toEqual([1, 3, 5, 2, 4, 6]);
    });
  });

  it('HardSwish: by hand', () => {
    tf.tidy(() => {
      const y = hardSwishLayer({ name: 'act' }).apply(tf.tensor2d([[-4, -3, -1.5, 0, 1.5, 3, 4]])) as tf.Tensor;
      expect(relativeError(y.dataSync(), [0, 0, -0.375, 0, 1.125, 3, 4])).toBeLessThan(1e-6);
    });
  }); // prettier-ignore
});

describe('what is refused', () => {
  it.each<[string, () => unknown, string]>([
    ['groups', () => channelShuffle({ groups: 1.5 }), 'groups: expected a whole number of at least 1. Received: 1.5.'],
    ['channels in no groups', () => channelShuffle({ groups: 4 }).build([null, 2, 2, 6]), 'groups: expected a divisor of the 6 input channels. Received: 4.'],
    ['unknown channels to shuffle', () => channelShuffle({ groups: 2, name: 's' }).build([null, 2, null]), 'inputShape: expected a known number of channels for layer s. Received: [null,2,null].'],
    ['squeeze channels', () => squeezeExcite({ squeezeChannels: 0 }), 'squeezeChannels: expected a whole number of at least 1. Received: 0.'],
    ['an activation', () => squeezeExcite({ squeezeChannels: 2, activation: 'swilu' as 'silu' }), "activation: expected one of relu, silu (did you mean 'silu'?). Received: 'swilu'."],
    ['a gate', () => squeezeExcite({ squeezeChannels: 2, gate: 'toString' as 'sigmoid' }), 'gate: expected one of sigmoid, hardSigmoid'],
    ['a rank to squeeze', () => squeezeExcite({ squeezeChannels: 2, name: 'se' }).build([null, 2, 6]), 'inputShape: expected an input of rank 4 for layer se. Received: [null,2,6].'],
    ['unknown channels to squeeze', () => squeezeExcite({ squeezeChannels: 2, name: 'se' }).build([null, 2, 6, null]), 'inputShape: expected a known number of channels for layer se'],
    ['a rate of 1', () => dropPath({ rate: 1 }), 'rate: expected a number of at least 0 and below 1. Received: 1.'],
    ['a rate that is none', () => dropPath({ rate: '0.5' as unknown as number }), "rate: expected a number of at least 0 and below 1. Received: '0.5'."],
    ['a seed', () => dropPath({ rate: 0.5, seed: NaN }), 'seed: expected a number. Received: NaN.'],
    ['an initial value', () => layerScale({ initialValue: Infinity }), 'initialValue: expected a number. Received: Infinity.'],
    ['unknown channels to scale', () => layerScale({ name: 'ls' }).build([null, null]), 'inputShape: expected a known number of channels for layer ls'],
    ['no channels at all', () => layerScale({ name: 'ls' }).build([null]), 'inputShape: expected a known number of channels for layer ls'],
  ])('%s', (_, run, message) => {
    expect(run).toThrow(InvalidArgumentError);
    expect(run).toThrow(message);
  }); // prettier-ignore

  it('another input than the layer was built for', () => {
    const layer = layerScale();
    layer.apply(tf.input({ shape: [2, 2, 3] }));
    expect(() => layer.apply(tf.input({ shape: [2, 2, 4] }))).toThrow('axis');
    const gates = squeezeExcite({ squeezeChannels: 2 });
    gates.apply(tf.input({ shape: [2, 2, 3] }));
    expect(() => gates.apply(tf.input({ shape: [2, 3] }))).toThrow('ndim');
  });
});

import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import '../../src/backends/register-kernels';
import { relativeError } from '../support/grouped-conv2d-oracle';

// tfjs's wasm backend has no filter gradients, so no stock convolutional model trains on it. The cpu backend, which has
// them, is the judge of ours.

type Pad = 'same' | 'valid' | number;

async function onBoth(run: () => tf.Tensor[]): Promise<[Float32Array[], Float32Array[]]> {
  const results: Float32Array[][] = [];
  for (const backend of ['wasm', 'cpu'] as const) {
    await useBackend(backend);
    results.push(tf.tidy(run).map((tensor) => tensor.dataSync<'float32'>().slice()));
  }
  return results as [Float32Array[], Float32Array[]];
}

function expectEqual([received, expected]: [Float32Array[], Float32Array[]]): void {
  expect(received).toHaveLength(expected.length);
  received.forEach((values, index) => expect(relativeError(values, expected[index])).toBeLessThan(1e-5));
}

const normal = <R extends tf.Rank>(shape: number[], seed: number) =>
  tf.randomNormal(shape as tf.ShapeMap[R], 0, 1, 'float32', seed) as tf.Tensor<R>;

describe('stock gradients on wasm', () => {
  it.each<[string, number[], number[], number | [number, number], Pad]>([
    ['3x3 same', [2, 7, 6, 3], [3, 3, 3, 5], 1, 'same'],
    ['3x3 stride 2', [3, 8, 7, 4], [3, 3, 4, 2], 2, 'same'],
    ['valid with rows that no stride reaches', [2, 8, 9, 2], [2, 3, 2, 3], [3, 2], 'valid'],
    ['numbered padding', [1, 5, 5, 2], [3, 3, 2, 3], 1, 2],
    ['1x1', [2, 4, 5, 6], [1, 1, 6, 3], 1, 'valid'],
    ['1x1 stride 2', [2, 5, 4, 6], [1, 1, 6, 3], 2, 'valid'],
  ])('tf.conv2d, %s', async (_, xShape, filterShape, strides, pad) => {
    const results = await onBoth(() => {
      const loss = (x: tf.Tensor, filter: tf.Tensor) =>
        tf
          .conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, strides, pad)
          .square()
          .sum()
          .asScalar();
      return tf.grads(loss)([normal(xShape, 1), normal(filterShape, 2)]);
    });
    expectEqual(results);
  });

  it.each<[string, number[], number[], number | [number, number], 'same' | 'valid', number]>([
    ['3x3 same', [2, 6, 7, 4], [3, 3, 4, 1], 1, 'same', 1],
    ['multiplier 3', [2, 6, 5, 2], [3, 2, 2, 3], 1, 'valid', 1],
    ['stride 2, multiplier 2', [2, 8, 7, 3], [3, 3, 3, 2], 2, 'same', 1],
    ['5x5 stride 2, rows that no stride reaches', [1, 10, 10, 2], [5, 4, 2, 1], 2, 'valid', 1],
  ])('tf.depthwiseConv2d, %s', async (_, xShape, filterShape, strides, pad, dilations) => {
    const results = await onBoth(() => {
      const loss = (x: tf.Tensor, filter: tf.Tensor) =>
        tf
          .depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, strides, pad, 'NHWC', dilations)
          .square()
          .sum()
          .asScalar();
      return tf.grads(loss)([normal(xShape, 1), normal(filterShape, 2)]);
    });
    expectEqual(results);
  });

  it.each<[string, number[], number | [number, number], number | [number, number], Pad]>([
    ['2x2 stride 2, also where all of a window is negative', [3, 4, 6, 5], 2, 2, 'valid'],
    ['3x3 stride 2 same', [2, 7, 8, 3], 3, 2, 'same'],
    ['3x3 stride 1, one row a side', [2, 5, 6, 3], 3, 1, 1],
    ['rows that no stride reaches', [1, 9, 8, 2], [2, 3], [3, 2], 'valid'],
  ])('tf.maxPool, %s', async (_, xShape, filterSize, strides, pad) => {
    const results = await onBoth(() => {
      const weights = normal(tf.maxPool(normal<tf.Rank.R4>(xShape, 1), filterSize, strides, pad).shape, 2);
      const loss = (x: tf.Tensor) =>
        tf
          .maxPool(x as tf.Tensor4D, filterSize, strides, pad)
          .mul(weights)
          .sum()
          .asScalar();
      return [tf.grad(loss)(normal(xShape, 1))];
    });
    expectEqual(results);
  });

  it('tf.maxPool, gives a tie to the first of the equal elements', async () => {
    await useBackend('wasm');
    const dx = tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid').sum())(tf.zeros([1, 2, 2, 1]));
    expect([...dx.dataSync()]).toEqual([1, 0, 0, 0]);
  });
});

it('a stock tf.layers model trains on wasm as it does on cpu', async () => {
  const losses: number[][] = [];
  for (const backend of ['wasm', 'cpu'] as const) {
    await useBackend(backend);
    const initializer = (seed: number) => tf.initializers.heNormal({ seed });
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({ filters: 8, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu', kernelInitializer: initializer(1), inputShape: [12, 12, 3] }),
        tf.layers.batchNormalization(),
        tf.layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', depthwiseInitializer: initializer(2) }),
        tf.layers.separableConv2d({ filters: 8, kernelSize: 3, depthwiseInitializer: initializer(3), pointwiseInitializer: initializer(4) }),
        tf.layers.maxPooling2d({ poolSize: 2 }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: initializer(5) }),
      ],
    }); // prettier-ignore
    model.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy' });
    const x = normal([16, 12, 12, 3], 6);
    const y = tf.oneHot(tf.tensor1d(Array.from({ length: 16 }, (_, index) => index % 3), 'int32'), 3); // prettier-ignore
    const { history } = await model.fit(x, y, { epochs: 5, batchSize: 8, shuffle: false, verbose: 0 });
    losses.push(history.loss as number[]);
  }
  const [onWasm, onCpu] = losses;
  expect(onWasm[4]).toBeLessThan(onWasm[0]);
  expect(relativeError(onWasm, onCpu)).toBeLessThan(1e-3);
});

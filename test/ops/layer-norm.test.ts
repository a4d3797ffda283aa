import * as tf from '@tensorflow/tfjs';
import { accelerate, restore } from '../../src/backends/accelerate';
import { layerNorm } from '../../src/ops/layer-norm';
import { describeOnBackends, expectNoLeak } from '../support/backends';
import { relativeError } from '../support/grouped-conv2d-oracle';

const SHAPES = [[3, 5], [2, 4, 3, 6]]; // prettier-ignore

function inputs(shape: number[]) {
  const channels = [shape[shape.length - 1]];
  const noise = (of: number[], seed: number) => tf.randomNormal(of, 0.5, 1, 'float32', seed);
  return { x: noise(shape, 1), gamma: noise(channels, 2), beta: noise(channels, 3), dy: noise(shape, 4) };
}

/** By plain loops. */
function oracle(x: Float32Array, gamma: Float32Array, beta: Float32Array, epsilon: number): number[] {
  const channels = gamma.length;
  return Array.from(x, (value, i) => {
    const start = i - (i % channels);
    const row = [...x.subarray(start, start + channels)];
    const mean = row.reduce((sum, each) => sum + each, 0) / channels;
    const variance = row.reduce((sum, each) => sum + (each - mean) ** 2, 0) / channels;
    return ((value - mean) / Math.sqrt(variance + epsilon)) * gamma[i % channels] + beta[i % channels];
  });
}

afterEach(restore);

describeOnBackends('layerNorm', () => {
  test.each(SHAPES)('of %p and more: values, and gradients by differences', (...shape) => {
    const { x, gamma, beta, dy } = inputs(shape);
    const epsilon = 0.1;
    const arrays = [x, gamma, beta].map((tensor) => tensor.dataSync<'float32'>().slice());
    const made = layerNorm(x, gamma, beta, epsilon);
    expect(relativeError(made.dataSync(), oracle(arrays[0], arrays[1], arrays[2], epsilon))).toBeLessThan(
      1e-5,
    );
    const weights = dy.dataSync();
    const loss = (values: Float32Array[]) =>
      oracle(values[0], values[1], values[2], epsilon).reduce((sum, value, i) => sum + value * weights[i], 0);
    const gradients = tf.grads((a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) => layerNorm(a, b, c, epsilon))(
      [x, gamma, beta],
      dy,
    );
    gradients.forEach((gradient, which) => {
      const expected = Array.from(arrays[which], (_, i) => {
        const moved = (by: number) => {
          const values = arrays.map((array) => Float32Array.from(array));
          // What float32 makes of the step, not the step itself.
          values[which][i] += by;
          return [loss(values), values[which][i]];
        };
        const [[above, to], [below, from]] = [moved(1e-2), moved(-1e-2)];
        return (above - below) / (to - from);
      });
      expect(relativeError(gradient.dataSync(), expected)).toBeLessThan(1e-3);
    });
    tf.dispose([x, gamma, beta, dy, made, ...gradients]);
  });

  test('a gradient of the gradient is that of the composition', () => {
    const { x, gamma, beta, dy } = inputs([3, 5]);
    const composed = (input: tf.Tensor) => {
      const { mean, variance } = tf.moments(input, -1, true);
      return tf.add(tf.mul(tf.mul(tf.sub(input, mean), tf.rsqrt(tf.add(variance, 0.1))), gamma), beta);
    };
    const second = (norm: (input: tf.Tensor) => tf.Tensor) =>
      tf.tidy(() => {
        const first = tf.grad((input) => tf.sum(tf.mul(tf.square(norm(input)), dy)));
        return tf
          .grad((input) => tf.sum(tf.square(first(input))))(x)
          .dataSync();
      });
    expect(
      relativeError(
        second((input) => layerNorm(input, gamma, beta, 0.1)),
        second(composed),
      ),
    ).toBeLessThan(1e-4);
    tf.dispose([x, gamma, beta, dy]);
  });

  test.each([{}, { axis: [1, 2] }])(
    'the stock layer of %j gives the same under accelerate(), and leaves nothing behind',
    (options) => {
      const layer = tf.layers.layerNormalization({ epsilon: 0.1, ...options });
      const { x, dy } = inputs([2, 3, 4]);
      layer.apply(x);
      const both = () => {
        const gradient = tf.grad((input) => layer.apply(input) as tf.Tensor)(x, dy);
        const value = layer.apply(x) as tf.Tensor;
        const read = [value.dataSync(), gradient.dataSync()];
        tf.dispose([value, gradient]);
        return read;
      };
      const stock = both();
      accelerate();
      const fast = both();
      stock.forEach((values, i) => expect(relativeError(fast[i], values)).toBeLessThan(1e-5));
      expectNoLeak(() => void both());
      tf.dispose([x, dy]);
    },
  );

  // The stock layer cannot be differentiated without its weights.
  test('a stock layer without weights trains under accelerate()', () => {
    accelerate();
    const layer = tf.layers.layerNormalization({ epsilon: 0.1, scale: false, center: false });
    const { x, dy } = inputs([3, 5]);
    const [ones, zeros] = [tf.ones([5]), tf.zeros([5])];
    const ofLayer = tf.grad((input) => layer.apply(input) as tf.Tensor)(x, dy);
    const expected = tf.grad((input) => layerNorm(input, ones, zeros, 0.1))(x, dy);
    expect(ofLayer.dataSync()).toEqual(expected.dataSync());
    tf.dispose([x, dy, ones, zeros, ofLayer, expected]);
  });

  test('shapes that do not fit are refused', () => {
    const { x, gamma, beta } = inputs([3, 5]);
    expect(() => layerNorm(x, tf.ones([4]), beta)).toThrow('gamma: expected the shape [5]');
    expect(() => layerNorm(x, gamma, beta, -1)).toThrow('epsilon: expected a number of at least 0');
    tf.dispose([x, gamma, beta]);
  });
});

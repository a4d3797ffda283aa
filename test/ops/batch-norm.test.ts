import * as tf from '@tensorflow/tfjs';
import '../../src/backends/register-batch-norm';
import { batchNormTraining } from '../../src/ops/batch-norm';
import { describeOnBackends, expectNoLeak } from '../support/backends';
import { relativeError } from '../support/grouped-conv2d-oracle';

const EPSILON = 1e-3;
const TOLERANCE = 1e-5;

/** Batch norm, ReLU and their gradients in double precision, by the textbook's sums. */
function oracle(x: number[][], gamma: number[], beta: number[], dy: number[][], relu: boolean) {
  const channels = gamma.length;
  const count = x.length;
  const column = (c: number, of: number[][]) => of.map((row) => row[c]);
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const y = x.map((row) => [...row]);
  const dx = x.map((row) => [...row]);
  const [mean, variance, dGamma, dBeta]: number[][] = [[], [], [], []];
  for (let c = 0; c < channels; c++) {
    mean[c] = sum(column(c, x)) / count;
    variance[c] = sum(column(c, x).map((value) => (value - mean[c]) ** 2)) / count;
    const inverse = 1 / Math.sqrt(variance[c] + EPSILON);
    const hat = column(c, x).map((value) => (value - mean[c]) * inverse);
    const out = hat.map((value) => value * gamma[c] + beta[c]);
    const d = column(c, dy).map((value, i) => (relu && out[i] <= 0 ? 0 : value));
    out.forEach((value, i) => (y[i][c] = relu ? Math.max(0, value) : value));
    dBeta[c] = sum(d);
    dGamma[c] = sum(d.map((value, i) => value * hat[i]));
    hat.forEach((value, i) => {
      dx[i][c] = (gamma[c] * inverse * (count * d[i] - dBeta[c] - value * dGamma[c])) / count;
    });
  }
  return { y, mean, variance, dx, dGamma, dBeta };
}

function rows(tensor: tf.Tensor): number[][] {
  return tensor.reshape<tf.Tensor2D>([-1, tensor.shape[tensor.rank - 1]]).arraySync();
}

const SHAPES = [[4, 5, 3, 6], [16, 8, 8, 32], [7, 3, 5], [33, 17], [1, 1, 2, 3]]; // prettier-ignore

describeOnBackends('batchNormTraining', (backend) => {
  describe.each(['linear', 'relu'] as const)('%s', (activation) => {
    it.each(SHAPES.map((shape) => [shape.join('x'), shape] as const))(
      '%s: values, statistics and gradients are the textbook formulas',
      (_, shape) => {
        const channels = shape[shape.length - 1];
        // Far from 0 and with unequal deviations, where a careless variance loses its digits.
        const x = tf.tidy(() =>
          tf
            .randomNormal(shape, 0, 1, 'float32', 1)
            .mul(tf.linspace(0.5, 3, channels))
            .add(4),
        );
        const gamma = tf.randomUniform([channels], -1, 2, 'float32', 2);
        const beta = tf.randomUniform([channels], -1, 1, 'float32', 3);
        const dy = tf.randomNormal(shape, 0, 1, 'float32', 4);
        const run = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) =>
          batchNormTraining(x, gamma, beta, { epsilon: EPSILON, activation });
        const { y, mean, variance } = run(x, gamma, beta);
        const [dx, dGamma, dBeta] = tf.grads((...args: tf.Tensor[]) => run(args[0], args[1], args[2]).y)(
          [x, gamma, beta],
          dy,
        );
        const expected = oracle(
          rows(x),
          [...gamma.dataSync()],
          [...beta.dataSync()],
          rows(dy),
          activation === 'relu',
        );
        for (const [name, tensor] of Object.entries({ y, mean, variance, dx, dGamma, dBeta })) {
          const error = relativeError(tensor.dataSync(), expected[name as keyof typeof expected].flat());
          // The difference of two values of which nothing but rounding is left, where a channel has two of them.
          const tolerance = shape.join() === '1,1,2,3' ? 1e-3 : TOLERANCE;
          expect(`${name} ${error < tolerance ? 'ok' : error}`).toBe(`${name} ok`);
        }
        expect(y.shape).toEqual(shape);
        expect(dx.shape).toEqual(shape);
      },
    );

    it('has a second derivative, the one of its parts', () => {
      const x = tf.randomNormal([3, 2, 2, 4], 0, 1, 'float32', 1);
      const gamma = tf.tensor1d([1, -0.5, 2, 0.3]);
      const beta = tf.tensor1d([0.1, 0.2, -0.3, 0]);
      const weights = tf.randomNormal(x.shape, 0, 1, 'float32', 5);
      const second = (f: (x: tf.Tensor) => tf.Tensor) =>
        tf.grad((x) => tf.sum(tf.square(tf.grad((x) => tf.sum(tf.mul(tf.square(f(x)), weights)))(x))))(x);
      const fused = second((x) => batchNormTraining(x, gamma, beta, { epsilon: 0.1, activation }).y);
      const parts = second((x) => {
        const mean = tf.mean(x, [0, 1, 2]);
        const variance = tf.mean(tf.square(tf.sub(x, mean)), [0, 1, 2]);
        const y = tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 0.1))), gamma), beta);
        return activation === 'relu' ? tf.relu(y) : y;
      });
      expect(relativeError(fused.dataSync(), parts.dataSync())).toBeLessThan(1e-4);
    });

    it('leaves no tensor behind', () => {
      const x = tf.randomNormal([2, 3, 3, 4]);
      const ones = tf.ones([4]);
      expectNoLeak(() => {
        const gradients = tf.grads((...[x, gamma, beta]: tf.Tensor[]) =>
          tf.sum(batchNormTraining(x, gamma, beta, { activation }).y),
        )([x, ones, ones]);
        const { y, mean, variance } = batchNormTraining(x, ones, ones, { activation });
        tf.dispose([...gradients, y, mean, variance]);
      });
      tf.dispose([x, ones]);
    });
  });

  it('gives a constant channel its shift, not a number divided by 0', () => {
    const { y } = batchNormTraining(tf.fill([4, 2, 2, 1], 7), tf.tensor1d([3]), tf.tensor1d([0.5]));
    expect(relativeError(y.dataSync(), new Float32Array(16).fill(0.5))).toBeLessThan(1e-4);
  });

  it(`refuses what does not fit (${backend})`, () => {
    const x = tf.ones([2, 3]);
    expect(() => batchNormTraining(x, tf.ones([2]), tf.ones([3]))).toThrow(
      'gamma: expected the shape [3]. Received: [2].',
    );
    expect(() => batchNormTraining(tf.ones([3]), tf.ones([3]), tf.ones([3]))).toThrow('rank 2 to 4');
    expect(() => batchNormTraining(x, tf.ones([3]), tf.ones([3]), { epsilon: -1 })).toThrow('epsilon');
    expect(() => batchNormTraining(x, tf.ones([3]), tf.ones([3]), { activation: 'rleu' as 'relu' })).toThrow(
      "did you mean 'relu'?",
    );
  });
});

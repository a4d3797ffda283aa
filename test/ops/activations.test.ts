import * as tf from '@tensorflow/tfjs';
import { accelerate, restore } from '../../src/backends/accelerate';
import { gelu } from '../../src/ops/gelu';
import { hardSigmoid, hardSwish } from '../../src/ops/hard-swish';
import { silu } from '../../src/ops/silu';
import { describeOnBackends, expectNoLeak } from '../support/backends';
import { relativeError } from '../support/grouped-conv2d-oracle';

afterEach(restore);

type Function = (x: number) => number;
const sigmoid: Function = (x) => 1 / (1 + Math.exp(-x));
const clip = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);
const density: Function = (x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** The normal distribution's share below x, by its power series: 60 terms are enough up to 6. */
function normalShare(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 1; k < 120; k++) {
    term *= (x * x) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + density(x) * sum;
}

/** Value, derivative and second derivative, in double precision. */
const FUNCTIONS: [name: string, op: (x: tf.Tensor) => tf.Tensor, f: Function, d: Function, dd: Function][] = [
  ['hardSigmoid', hardSigmoid, (x) => clip(x / 6 + 0.5, 0, 1), (x) => (x > -3 && x < 3 ? 1 / 6 : 0), () => 0],
  [
    'hardSwish',
    hardSwish,
    (x) => x * clip(x / 6 + 0.5, 0, 1),
    (x) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5),
    (x) => (x > -3 && x < 3 ? 1 / 3 : 0),
  ],
  [
    'silu',
    silu,
    (x) => x * sigmoid(x),
    (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))),
    (x) => sigmoid(x) * (1 - sigmoid(x)) * (2 + x * (1 - 2 * sigmoid(x))),
  ],
  [
    'gelu',
    gelu,
    (x) => x * normalShare(x),
    (x) => normalShare(x) + x * density(x),
    (x) => density(x) * (2 - x * x),
  ],
];

const X = [-5.5, -3.25, -3, -2.9, -1, -0.1, 0, 1e-3, 0.3, 1.2, 2.999, 3, 3.5, 5.5];
/** Weights, as a `dy` of ones hides errors. */
const DY = X.map((_, i) => Math.sin(3 * i + 1));

describeOnBackends('activations', () => {
  describe.each(FUNCTIONS)('%s', (_, op, f, d, dd) => {
    const x = () => tf.tensor2d(X, [2, 7]);
    const dy = () => tf.tensor2d(DY, [2, 7]);
    const weighted = (values: number[]) => values.map((value, i) => value * DY[i]);

    it.each([false, true])('value and derivatives are the formulas; accelerated: %p', (fast) => {
      if (fast) accelerate();
      expect(relativeError(op(x()).dataSync(), X.map(f))).toBeLessThan(1e-6);
      const { value, grad } = tf.valueAndGrad(op)(x(), dy());
      expect(value.shape).toEqual([2, 7]);
      expect(relativeError(value.dataSync(), X.map(f))).toBeLessThan(1e-6);
      expect(relativeError(grad.dataSync(), weighted(X.map(d)))).toBeLessThan(2e-6);
    });

    it('differentiates twice', () => {
      // Away from kinks, where a second derivative means nothing.
      const smooth = X.map((x) => (Math.abs(Math.abs(x) - 3) < 0.01 ? 2 : x));
      const second = tf.grad((x) => tf.mul(tf.square(tf.grad(op)(x)), 0.5))(tf.tensor1d(smooth));
      const expected = smooth.map((x) => d(x) * dd(x));
      if (expected.every((each) => each === 0)) expect([...second.abs().dataSync()]).toEqual(X.map(() => 0));
      else expect(relativeError(second.dataSync(), expected)).toBeLessThan(1e-5);
    });

    it('makes float32 of whole numbers', () => {
      const y = op(tf.tensor1d([-1, 2], 'int32'));
      expect(y.dtype).toBe('float32');
      expect(relativeError(y.dataSync(), [f(-1), f(2)])).toBeLessThan(1e-6);
    });

    it('leaves no tensor behind, differentiated or not', () => {
      const inputs = [x(), dy()];
      expectNoLeak(() => {
        op(inputs[0]).dispose();
        tf.grad(op)(inputs[0], inputs[1]).dispose();
        tf.grad((x) => tf.sum(tf.grad(op)(x)))(inputs[0]).dispose();
      });
    });
  });

  it('are what the stock activations compute, which are replaced under accelerate()', () => {
    for (const [activation, op] of [
      ['swish', silu],
      ['gelu', gelu],
    ] as const) {
      const apply = (x: tf.Tensor) => tf.layers.activation({ activation }).apply(x) as tf.Tensor;
      const x = tf.tensor1d(X);
      const run = () => {
        const { value, grad } = tf.valueAndGrad(apply)(x, tf.tensor1d(DY));
        return [value.dataSync(), grad.dataSync()];
      };
      const stock = run();
      const calls = kernelsOf(() => tf.valueAndGrad(apply)(x));
      accelerate();
      const fast = run();
      fast.forEach((each, i) => expect(relativeError(each, stock[i])).toBeLessThan(1e-5));
      expect(kernelsOf(() => tf.valueAndGrad(apply)(x))).toBeLessThan(calls);
      restore();
      expect(kernelsOf(() => tf.valueAndGrad(apply)(x))).toBe(calls);
      expect(relativeError(op(x).dataSync(), stock[0])).toBeLessThan(1e-5);
    }
  });
});

/** How many kernels tfjs's engine runs. */
function kernelsOf(run: () => unknown): number {
  let calls = 0;
  const engine = tf.engine();
  const spy = jest.spyOn(engine, 'runKernel').mockImplementation((...args) => {
    calls++;
    return Object.getPrototypeOf(engine).runKernel.apply(engine, args);
  });
  tf.tidy(() => void run());
  spy.mockRestore();
  return calls;
}

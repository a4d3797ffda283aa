import * as tf from '@tensorflow/tfjs';
import { elementFunction, type ElementFunctionArgs } from '../../src/layers/element-function';
import { describeOnBackends } from '../support/backends';

/** The functions in plain numbers, with options that tell theirs from the defaults. */
const FUNCTIONS: readonly [options: ElementFunctionArgs, compute: (x: number) => number][] = [
  [{ function: 'abs' }, Math.abs],
  [{ function: 'negative' }, (x) => -x],
  [{ function: 'sign' }, Math.sign],
  [{ function: 'ceil' }, Math.ceil],
  [{ function: 'floor' }, Math.floor],
  [{ function: 'round' }, Math.round],
  [{ function: 'exp' }, Math.exp],
  [{ function: 'reciprocal' }, (x) => 1 / x],
  [{ function: 'sin' }, Math.sin],
  [{ function: 'cos' }, Math.cos],
  [{ function: 'softsign' }, (x) => x / (1 + Math.abs(x))],
  [{ function: 'mish' }, (x) => x * Math.tanh(Math.log1p(Math.exp(x)))],
  [{ function: 'truncate' }, Math.trunc],
  [{ function: 'isNonzero' }, (x) => Number(x !== 0)],
  [{ function: 'clip', minimum: -0.7, maximum: 1.4 }, (x) => Math.min(1.4, Math.max(-0.7, x))],
  [{ function: 'elu', alpha: 0.3 }, (x) => (x > 0 ? x : 0.3 * Math.expm1(x))],
  [{ function: 'celu', alpha: 2 }, (x) => (x > 0 ? x : 2 * Math.expm1(x / 2))],
  [{ function: 'selu', alpha: 1.5, gamma: 0.7 }, (x) => 0.7 * (x > 0 ? x : 1.5 * Math.expm1(x))],
  [{ function: 'swish', alpha: 1.7 }, (x) => x / (1 + Math.exp(-1.7 * x))],
  [{ function: 'thresholdedRelu', alpha: 0.8 }, (x) => (x > 0.8 ? x : 0)],
  [
    { function: 'tanhGelu' },
    (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  ],
  [{ function: 'sqrt' }, Math.sqrt],
  [{ function: 'log' }, Math.log],
];

/** None at a corner or a step of any of the functions. */
const POINTS = [-2.6, -1.3, -0.2, 0.3, 0.9, 1.7, 3.2];

describeOnBackends('functions of each element', () => {
  it.each(FUNCTIONS)('%p and its gradient', (options, compute) => {
    tf.tidy(() => {
      const given = POINTS.filter((x) => Number.isFinite(compute(x)));
      const layer = elementFunction(options);
      const x = tf.tensor1d(given);
      const values = (layer.apply(x) as tf.Tensor).dataSync();
      const slopes = tf
        .grad((image) => tf.sum(layer.apply(image) as tf.Tensor))(x)
        .dataSync();
      given.forEach((point, index) => {
        const h = 1e-4;
        expect(values[index]).toBeCloseTo(compute(point), 4);
        expect(slopes[index]).toBeCloseTo((compute(point + h) - compute(point - h)) / (2 * h), 3);
      });
    });
  });
});

import * as tf from '@tensorflow/tfjs';
import { accelerate, restore } from '../../src/backends/accelerate';
import { countReaders } from '../../src/backends/accelerate/count-readers';
import { useBackend } from '../../src/backends/use-backend-node';
import { TESTED_BACKENDS } from '../support/backends';

// tfjs frees what a layer reads twice before the last reader has come, and puts out nothing where an output is listed again.

const VALUES = [[1, -2], [0.5, 3]]; // prettier-ignore
const WEIGHT = 2;

type Symbolic = tf.SymbolicTensor;

interface Case {
  readonly build: (x: Symbolic, doubled: Symbolic) => Symbolic[];
  /** The outputs for one number `x` that goes in, `d` being that times the weight. */
  readonly expected: (x: number, d: number) => readonly number[];
}

const multiply = (...values: Symbolic[]) => tf.layers.multiply().apply(values) as Symbolic;
const add = (...values: Symbolic[]) => tf.layers.add().apply(values) as Symbolic;
const cube = (value: Symbolic) => multiply(value, multiply(value, value));

const CASES: Record<string, Case> = {
  'a cube': { build: (_, d) => [cube(d)], expected: (_, d) => [d ** 3] },
  'a sum of three': { build: (_, d) => [add(d, d, d), d], expected: (_, d) => [3 * d, d] },
  'a square, and later readers': {
    build: (x, d) => {
      const square = multiply(d, d);
      return [add(square, tf.layers.reLU().apply(square) as Symbolic, d, x)];
    },
    expected: (x, d) => [2 * d ** 2 + d + x],
  },
  'an output listed twice': { build: (_, d) => [d, d], expected: (_, d) => [d, d] },
  'an output listed three times that is read': {
    build: (_, d) => [d, multiply(d, d), d, d],
    expected: (_, d) => [d, d ** 2, d, d],
  },
  'an input put out, twice, and read twice': {
    build: (x, d) => [x, multiply(x, x), x, d],
    expected: (x, d) => [x, x * x, x, d],
  },
  'a model within': {
    build: (_, d) => {
      const inner = tf.input({ shape: [2] });
      const [one, other] = tf.model({ inputs: inner, outputs: [cube(inner), inner] }).apply(d) as Symbolic[];
      return [add(one, other, other)];
    },
    expected: (_, d) => [d ** 3 + 2 * d],
  },
  'a model within whose outputs are one': {
    build: (_, d) => {
      const inner = tf.input({ shape: [2] });
      const square = multiply(inner, inner);
      const [one, other] = tf.model({ inputs: inner, outputs: [square, square] }).apply(d) as Symbolic[];
      return [multiply(one, one), add(other, d)];
    },
    expected: (_, d) => [d ** 4, d ** 2 + d],
  },
};

function build({ build }: Case): tf.LayersModel {
  const x = tf.input({ shape: [2] });
  const dense = tf.layers.dense({ units: 2, useBias: false, name: 'doubled' });
  const doubled = dense.apply(x) as Symbolic;
  tf.tidy(() => dense.setWeights([tf.tensor2d([[WEIGHT, 0], [0, WEIGHT]])])); // prettier-ignore
  return tf.model({ inputs: x, outputs: build(x, doubled) });
}

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});
// The executor tells of an output that is listed twice.
beforeEach(() => void jest.spyOn(console, 'warn').mockImplementation());
afterEach(() => {
  restore();
  jest.restoreAllMocks();
});

function check(model: tf.LayersModel, { expected }: Case): void {
  const x = tf.tensor2d(VALUES);
  const before = tf.memory().numTensors;
  // Several batches too.
  for (const batchSize of [2, 1]) {
    const made = [model.predict(x, { batchSize })].flat() as tf.Tensor[];
    const rows = VALUES.flat().map((value) => expected(value, WEIGHT * value));
    expect(made).toHaveLength(rows[0].length);
    expect(new Set(made).size).toBe(made.length);
    made.forEach((tensor, i) => expect([...tensor.dataSync()]).toEqual(rows.map((outputs) => outputs[i])));
    tf.dispose(made);
  }
  expect(tf.memory().numTensors).toBe(before);
  x.dispose();
}

describe.each(Object.entries(CASES))('%s', (_, one) => {
  test('predicts, once its readers were counted', () => {
    const model = build(one);
    const [outputs, saved] = [[...model.outputs], JSON.stringify(model.toJSON(null, false))];
    countReaders(model);
    check(model, one);
    expect(model.outputs).toEqual(outputs);
    expect(JSON.stringify(model.toJSON(null, false))).toBe(saved);
    model.dispose();
  });

  test('predicts under accelerate(), also where it ran before', () => {
    const model = build(one);
    tf.tidy(() => {
      try {
        model.predict(tf.tensor2d(VALUES));
      } catch {
        // Stock tfjs.
      }
    });
    accelerate();
    check(model, one);
    check(model, one);
    restore();
    check(model, one);
    model.dispose();
  });

  test.each(['stock', 'accelerated'])('trains and is evaluated: %s', async (how) => {
    const model = build(one);
    if (how === 'stock') countReaders(model);
    else accelerate();
    const rate = 0.001;
    const meanOf = (_: tf.Tensor, y: tf.Tensor) => tf.mean(y);
    model.compile({ optimizer: tf.train.sgd(rate), loss: model.outputs.map(() => meanOf) });
    const x = tf.tensor2d(VALUES);
    const y = model.outputs.map(() => tf.zerosLike(x));
    // The sum of the outputs' means, and how it changes with the weight of what comes first, by plain arithmetic.
    const loss = (first: number) => {
      const factors = [first, WEIGHT];
      const sums = VALUES.flatMap((row) => row.map((value, at) => one.expected(value, factors[at] * value)));
      return sums.flat().reduce((sum, value) => sum + value, 0) / VALUES.flat().length;
    };
    const slope = (loss(WEIGHT + 1e-4) - loss(WEIGHT - 1e-4)) / 2e-4;
    const evaluated = [await model.evaluate(x, y, { batchSize: 2 })].flat() as tf.Scalar[];
    // tfjs's losses of several outputs are sums so far.
    expect(evaluated[y.length - 1].dataSync()[0]).toBeCloseTo(loss(WEIGHT), 4);
    const before = tf.memory().numTensors;
    await model.fit(x, y, { epochs: 1, batchSize: 2, verbose: 0 });
    expect(tf.memory().numTensors).toBe(before);
    const [first] = model.getLayer('doubled').getWeights()[0].dataSync();
    expect((WEIGHT - first) / rate).toBeCloseTo(slope, 1);
    tf.dispose([x, y, evaluated]);
    model.dispose();
  });
});

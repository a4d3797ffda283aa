import * as tf from '@tensorflow/tfjs';

import { useBackend } from '../../src/backends/use-backend-node';
import { AdamW } from '../../src/train/adamw';
import type { Optimizer, Parameter } from '../../src/train/optimizer';
import { Sgd } from '../../src/train/sgd';

beforeAll(async () => {
  await useBackend('auto');
});

const RATES = [0.1, 0.05, 0.2];
const kernelGradient = (t: number): number[] => [0.1, -0.2, 0.3, 0.4].map((g) => g * (t + 1) - 0.25 * t);
const biasGradient = (t: number): number[] => [-0.5, 0.25].map((g) => g * (1 - t) + 0.1);

function parameters(): Parameter[] {
  return tf.tidy(() => [
    {
      name: 'w',
      variable: tf.variable(tf.tensor2d([0.5, -1.25, 2, 0.75], [2, 2])),
      decayed: true,
      rateScale: 1,
    },
    { name: 'b', variable: tf.variable(tf.tensor1d([0.3, -0.6])), decayed: false, rateScale: 1 },
  ]);
}

function step(optimizer: Optimizer, t: number, scale = 1): void {
  const gradients = new Map<string, tf.Tensor>([
    ['w', tf.tensor2d(kernelGradient(t), [2, 2])],
    ['b', tf.tensor1d(biasGradient(t))],
  ]);
  const settings = optimizer.settings(RATES[t] * scale).map((setting) => tf.scalar(setting));
  optimizer.step(gradients, settings);
  tf.dispose([...gradients.values(), ...settings]);
}

const values = (list: readonly Parameter[]): number[][] =>
  list.map(({ variable }) => [...variable.dataSync()]);

// What PyTorch 2.15 gives for these weights, gradients and rates, with weight decay 0.1 on `w` alone.
const CASES: [string, (list: Parameter[]) => Optimizer, number[][][]][] = [
  [
    'SGD(momentum=0.9, nesterov=True)',
    (list) => new Sgd(list, { momentum: 0.9, weightDecay: 0.1 }),
    [
      [
        [0.4715000092983246, -1.188249945640564, 1.9049999713897705, 0.6597499847412109],
        [0.3760000169277191, -0.6665000319480896],
      ],
      [
        [0.4656957685947418, -1.1020491123199463, 1.8334025144577026, 0.5819948315620422],
        [0.38270002603530884, -0.6901750564575195],
      ],
      [
        [0.5025910139083862, -0.47023653984069824, 1.4512722492218018, 0.12483606487512589],
        [0.19682000577449799, -0.7004050612449646],
      ],
    ],
  ],
  [
    'SGD()',
    (list) => new Sgd(list, { momentum: 0, weightDecay: 0.1 }),
    [
      [
        [0.48499998450279236, -1.2174999713897705, 1.9500000476837158, 0.7024999856948853],
        [0.3400000035762787, -0.6350000500679016],
      ],
      [
        [0.4850749969482422, -1.1789125204086304, 1.9227499961853027, 0.6714875102043152],
        [0.33500000834465027, -0.64000004529953],
      ],
      [
        [0.5153734683990479, -0.9353342652320862, 1.8042949438095093, 0.5180577635765076],
        [0.2150000035762787, -0.6100000143051147],
      ],
    ],
  ],
  [
    'AdamW()',
    (list) => new AdamW(list, { weightDecay: 0.1 }),
    [
      [
        [0.39500001072883606, -1.1374999284744263, 1.8799999952316284, 0.6424999833106995],
        [0.40000003576278687, -0.7000000476837158],
      ],
      [
        [0.3797081708908081, -1.086401104927063, 1.820547342300415, 0.5894927382469177],
        [0.42347344756126404, -0.7424389123916626],
      ],
      [
        [0.4635803699493408, -0.8821771144866943, 1.5835124254226685, 0.3787861466407776],
        [0.35922205448150635, -0.8150283098220825],
      ],
    ],
  ],
];

describe.each(CASES)('%s', (_, create, expected) => {
  test('gives the weights that PyTorch gives, step by step', () => {
    const list = parameters();
    const optimizer = create(list);
    expected.forEach((weights, t) => {
      step(optimizer, t);
      values(list).forEach((row, i) => row.forEach((v, j) => expect(v).toBeCloseTo(weights[i][j], 6)));
    });
    optimizer.dispose();
    tf.dispose(list.map(({ variable }) => variable));
  });

  test('goes on from its state, and holds no more tensors after a step than before', () => {
    const before = tf.memory().numTensors;
    const list = parameters();
    const first = create(list);
    step(first, 0);
    step(first, 1);
    const second = create(list);
    second.restore(first.state(), 2);
    first.dispose();
    const held = tf.memory().numTensors;
    step(second, 2);
    expect(tf.memory().numTensors).toBe(held);
    values(list).forEach((row, i) => row.forEach((v, j) => expect(v).toBeCloseTo(expected[2][i][j], 6)));
    second.dispose();
    tf.dispose(list.map(({ variable }) => variable));
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('a parameter without a gradient stays, even under decay', () => {
  const list = parameters();
  const optimizer = new Sgd(list, { momentum: 0.9, weightDecay: 0.1 });
  const gradient = tf.tensor1d([1, 1]);
  const rate = tf.scalar(0.5);
  optimizer.step(new Map([['b', gradient]]), [rate]);
  expect(values(list)[0]).toEqual([0.5, -1.25, 2, 0.75]);
  expect(values(list)[1][0]).toBeCloseTo(0.3 - 0.5 * 1.9, 6);
  optimizer.dispose();
  tf.dispose([gradient, rate, ...list.map(({ variable }) => variable)]);
});

test.each<[string, (list: Parameter[], weightDecay: number) => Optimizer]>([
  ['SGD', (list, weightDecay) => new Sgd(list, { momentum: 0.9, weightDecay })],
  ['AdamW', (list, weightDecay) => new AdamW(list, { weightDecay })],
])('%s moves a scaled parameter as at a scaled rate, with as much decay a step', (_, create) => {
  const scaled = parameters().map((parameter) => ({ ...parameter, decayed: true, rateScale: 4 }));
  const plain = parameters().map((parameter) => ({ ...parameter, decayed: true }));
  const [first, second] = [create(scaled, 0.1), create(plain, 0.1 / 4)];
  for (const t of [0, 1, 2]) {
    step(first, t);
    step(second, t, 4);
    values(scaled).forEach((row, i) => row.forEach((v, j) => expect(v).toBeCloseTo(values(plain)[i][j], 5)));
  }
  expect(values(scaled)).not.toEqual(values(parameters()));
  first.dispose();
  second.dispose();
});

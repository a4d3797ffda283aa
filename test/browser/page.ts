import * as tf from '@tensorflow/tfjs';
import { convSpec, groupedConv2d, groupedConv2D, IMPLEMENTATIONS, type ConvOptions } from '../../src';
import { oracle, relativeError } from '../support/grouped-conv2d-oracle';

/** What a browser finds: the largest relative error of each strategy and pass, and whether a model learns. */
export interface BrowserReport {
  backend: string;
  errors: Record<string, number>;
  losses: number[];
}

const CASES: { x: number[]; filter: number[]; options: ConvOptions }[] = [
  { x: [2, 6, 5, 8], filter: [3, 3, 4, 12], options: { groups: 2, padding: 'same' } },
  { x: [2, 8, 7, 8], filter: [3, 3, 2, 8], options: { groups: 4, strides: 2, padding: 1 } },
  { x: [1, 8, 8, 6], filter: [3, 3, 1, 6], options: { groups: 6, padding: 'same' } },
  { x: [1, 8, 7, 4], filter: [3, 3, 2, 6], options: { groups: 2, dilations: 2, padding: 2 } },
];

async function run(backend: string): Promise<BrowserReport> {
  if (!(await tf.setBackend(backend)))
    throw new Error(`the ${backend} backend does not start in this browser`);
  await tf.ready();
  const errors: Record<string, number> = {};
  for (const implementation of IMPLEMENTATIONS.filter((name) => name !== 'native')) {
    for (const { x: xShape, filter: filterShape, options } of CASES) {
      const spec = convSpec(xShape, filterShape, options);
      const x = tf.randomNormal(xShape, 0, 1, 'float32', 1);
      const filter = tf.randomNormal(filterShape, 0, 1, 'float32', 2);
      const y = groupedConv2d(x, filter, { ...options, implementation });
      const dy = tf.randomNormal(y.shape, 0, 1, 'float32', 3);
      const [dx, dFilter] = tf.grads((a: tf.Tensor, b: tf.Tensor) =>
        groupedConv2d(a, b, { ...options, implementation }),
      )([x, filter], dy);
      const expected = oracle(await x.data(), await filter.data(), await dy.data(), spec);
      const error = Math.max(
        relativeError(await y.data(), expected.y),
        relativeError(await dx.data(), expected.dx),
        relativeError(await dFilter.data(), expected.dFilter),
      );
      errors[implementation] = Math.max(errors[implementation] ?? 0, error);
    }
  }
  return { backend: tf.getBackend(), errors, losses: await learn() };
}

async function learn(): Promise<number[]> {
  const model = tf.sequential({
    layers: [
      groupedConv2D({
        filters: 8,
        kernelSize: 3,
        padding: 1,
        groups: 2,
        inputShape: [6, 6, 4],
        activation: 'relu',
      }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 2 }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
  const x = tf.randomNormal([8, 6, 6, 4], 0, 1, 'float32', 1);
  const y = tf.randomNormal([8, 2], 0, 1, 'float32', 2);
  const { history } = await model.fit(x, y, { epochs: 8, shuffle: false, verbose: 0 });
  return history.loss as number[];
}

Object.assign(globalThis, { runOnBackend: run });

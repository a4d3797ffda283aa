import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-webgpu';
import { createModel, type ModelName } from '../../models';
import { groupedConv2D } from '../../src';
import { checkGeometry, type GeometryFindings } from '../support/check-geometry';
import { CONFORMANCE_GEOMETRIES } from '../support/conformance-geometries';
import { relativeError } from '../support/grouped-conv2d-oracle';
import { randomGeometries, type Geometry } from '../support/random-geometries';

// What check.mjs asks of a page, each on a backend by name.

const SEED = 1;

/** The conformance suite's geometries, by every strategy that the backend takes. */
function checkConformance(backend: string): Promise<GeometryFindings> {
  return check(backend, CONFORMANCE_GEOMETRIES);
}

/** Random geometries, of those that the other backends are tested with. */
function checkGeometries(backend: string, from: number, to: number): Promise<GeometryFindings> {
  return check(backend, randomGeometries(to - from, SEED, from));
}

async function check(backend: string, geometries: readonly Geometry[]): Promise<GeometryFindings> {
  await use(backend);
  const found: GeometryFindings = { passes: 0, faults: [] };
  for (const geometry of geometries) {
    const { passes, faults } = await checkGeometry(geometry);
    found.passes += passes;
    found.faults.push(...faults);
  }
  return found;
}

/** How far a model's prediction is from that of the cpu backend, relative to the largest value. */
async function predictionError(backend: string, name: ModelName): Promise<number> {
  await use('cpu');
  const model = createModel(name, { seed: 1 });
  const images = tf.randomNormal([2, 32, 32, 3], 0, 1, 'float32', 1);
  const expected = await (model.predict(images) as tf.Tensor).data();
  await use(backend);
  return relativeError(await (model.predict(images) as tf.Tensor).data(), expected);
}

/** The losses of a small model that is trained by stock tfjs. */
async function learn(backend: string): Promise<number[]> {
  await use(backend);
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

async function use(backend: string): Promise<void> {
  if (!(await tf.setBackend(backend)))
    throw new Error(`the ${backend} backend does not start in this browser`);
}

Object.assign(globalThis, { checkConformance, checkGeometries, predictionError, learn });

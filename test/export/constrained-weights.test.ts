import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { useBackend } from '../../src/backends/use-backend-node';
import { loadLayersModel } from '../../src/export/load-layers-model-node';
import { saveLayersModel } from '../../src/export/save-layers-model-node';
import { depthwiseSeparableConv2D } from '../../src/layers/depthwise-separable-conv2d';
import { groupedConv2D } from '../../src/layers/grouped-conv2d';
import { TESTED_BACKENDS } from '../support/backends';

type Constraint = ReturnType<typeof tf.constraints.maxNorm>;
type Make = (constraint: Constraint) => tf.layers.Layer;

const inputShape = [6, 6, 4];

const CONSTRAINTS: [string, () => Constraint][] = [
  ['maxNorm', () => tf.constraints.maxNorm({ maxValue: 0.7, axis: 0 })],
  ['unitNorm', () => tf.constraints.unitNorm({ axis: 0 })],
  ['nonNeg', () => tf.constraints.nonNeg()],
  ['minMaxNorm', () => tf.constraints.minMaxNorm({ minValue: 0.3, maxValue: 0.6, rate: 0.7, axis: 0 })],
];

const LAYERS: [string, Make][] = [
  [
    'conv2d',
    (c) =>
      tf.layers.conv2d({ inputShape, filters: 5, kernelSize: 3, kernelConstraint: c, biasConstraint: c }),
  ],
  ['dense', (c) => tf.layers.dense({ inputShape, units: 5, kernelConstraint: c })],
  [
    'depthwiseConv2d',
    (c) =>
      tf.layers.depthwiseConv2d({
        inputShape,
        kernelSize: [3, 2],
        depthMultiplier: 2,
        depthwiseConstraint: c,
        depthwiseRegularizer: 'l1l2',
      }),
  ],
  [
    'separableConv2d',
    (c) =>
      tf.layers.separableConv2d({
        inputShape,
        filters: 5,
        kernelSize: 3,
        depthMultiplier: 2,
        depthwiseConstraint: c,
        pointwiseConstraint: c,
        pointwiseRegularizer: 'l1l2',
      }),
  ],
  [
    'conv2dTranspose',
    (c) =>
      tf.layers.conv2dTranspose({ inputShape, filters: 5, kernelSize: 3, strides: 2, kernelConstraint: c }),
  ],
  [
    'batchNormalization',
    (c) => tf.layers.batchNormalization({ inputShape, gammaConstraint: c, betaConstraint: c }),
  ],
  [
    'groupedConv2D',
    (c) => groupedConv2D({ inputShape, filters: 8, kernelSize: 3, groups: 2, kernelConstraint: c }),
  ],
  [
    'depthwiseSeparableConv2D',
    (c) =>
      depthwiseSeparableConv2D({
        inputShape,
        filters: 8,
        depthMultiplier: 2,
        batchNorm: true,
        depthwiseConstraint: c,
        pointwiseConstraint: c,
      }),
  ],
];

let folder: string;

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
  folder = await mkdtemp(join(tmpdir(), 'cardinal-constrained-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const values = (model: tf.LayersModel): number[][] =>
  model.weights.map((weight) => Array.from(weight.read().dataSync()));

/** Weights as a step of training leaves them, projected, or as a file from elsewhere may have them. */
function fill(model: tf.LayersModel, isProjected: boolean): void {
  tf.tidy(() => {
    model.weights.forEach((weight, i) => {
      const drawn = tf.randomUniform(weight.shape as number[], 0.1, 1, 'float32', i + 1);
      if (isProjected) weight.write(drawn);
      else (weight.read() as tf.Variable).assign(drawn);
    });
  });
}

describe.each(LAYERS)('%s', (_, make) => {
  test.each(CONSTRAINTS)(
    'with %s is saved and loaded to the same bits, options included',
    async (name, constraint) => {
      const before = tf.memory().numTensors;
      for (const isProjected of [true, false]) {
        const model = tf.sequential({ layers: [make(constraint())] });
        model.build();
        fill(model, isProjected);
        const path = join(folder, `${name}-${isProjected}`);
        await saveLayersModel(model, path, { overwrite: true });
        const copy = await loadLayersModel(path);
        expect(values(copy)).toEqual(values(model));
        // What a next step of training is projected by is the same.
        const [own, loaded] = [model, copy].map(({ weights }) =>
          weights.map(({ constraint: kept }) => kept && [kept.getClassName(), kept.getConfig()]),
        );
        expect(loaded).toEqual(own);
        expect(own.some((kept) => kept != null)).toBe(true);
        copy.dispose();
        model.dispose();
      }
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});

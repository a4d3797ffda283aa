import * as tf from '@tensorflow/tfjs';
import { createModel } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { verifyGraph } from '../../src/export/verify-graph';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import { lowerModel } from '../../src/graph/lower-model';
import { TESTED_BACKENDS } from '../support/backends';
import { apply, branches } from '../support/small-models';
import { misnamedActivation } from '../support/misnamed-activation';
import { drawWeights } from '../support/zoo-samples';

const { layers } = tf;

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

test('a graph that computes what the model computes passes, and nothing is left', async () => {
  const before = tf.memory().numTensors;
  const model = createModel('mobilenet_toy', { seed: 1 });
  drawWeights(model);
  for (const graph of [lowerModel(model), foldBatchNorm(lowerModel(model))]) {
    expect(await verifyGraph(model, graph)).toBeLessThan(1e-5);
  }
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('the first layer that was lowered to something else is named, with the difference', async () => {
  const model = branches((x) => {
    const dropped = apply(layers.dropout({ rate: 0.5 }), apply(layers.reLU({ name: 'first' }), x));
    const wrong = apply(misnamedActivation('wrong'), dropped);
    const after = apply(layers.activation({ name: 'after', activation: 'tanh' }), wrong);
    return [apply(layers.add({ name: 'sum' }), after, dropped), wrong, dropped];
  });
  const before = tf.memory().numTensors;
  await expect(verifyGraph(model, lowerModel(model))).rejects.toThrow(
    /^its graph predicts otherwise than \S+ does, by 0\.\d+ of the largest output: layer wrong \(Activation\) is the first to be lowered/,
  );
  expect(tf.memory().numTensors).toBe(before);
  expect(model.predict(tf.zeros([1, ...(model.inputs[0].shape.slice(1) as number[])]))).toHaveLength(3);
});

test('so is a model within the model', async () => {
  const inner = tf.sequential({ name: 'inner', layers: [misnamedActivation('wrong', [7, 9, 8])] });
  const model = branches((x) => apply(inner, apply(layers.reLU(), x)));
  await expect(verifyGraph(model, lowerModel(model))).rejects.toThrow(
    'layer inner (Sequential) is the first',
  );
});

test('a graph of other weights has no such layer', async () => {
  const [model, other] = [1, 2].map((seed) => createModel('mobilenet_toy', { seed }));
  await expect(verifyGraph(model, lowerModel(other))).rejects.toThrow(
    /^its graph predicts otherwise than mobilenet_toy does, by \S+ of the largest output$/,
  );
});

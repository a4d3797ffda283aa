import * as tf from '@tensorflow/tfjs';
import { createModel } from '../../models';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import type { Graph } from '../../src/graph/graph';
import { lowerModel } from '../../src/graph/lower-model';
import type { InferenceEngine } from '../../src/inference/engine';
import { relativeDifference } from './onnxruntime';

type MakeEngine = (graph: Graph) => Promise<InferenceEngine>;

/** Every output of a graph comes in order, images with their channels last, and whole numbers are taken as floats. */
export async function expectEveryOutput(makeEngine: MakeEngine): Promise<void> {
  const model = createModel('resnext_toy', { features: true, seed: 1 });
  const engine = await makeEngine(foldBatchNorm(lowerModel(model)));
  const images = tf.randomUniform<tf.Rank.R4>([2, 32, 32, 3], -2, 3, 'int32', 1);
  const expected = model.predict(tf.cast(images, 'float32')) as tf.Tensor[];
  const made = await engine.predict(images);
  expect(made).toHaveLength(expected.length);
  made.forEach((stage, i) => expect(relativeDifference(stage, expected[i])).toBeLessThan(1e-4));
  await engine.dispose();
  tf.dispose([images, expected, made]);
  model.dispose();
}

/** A batch without images gives every output without any, in the shapes that the model says. */
export async function expectEmptyBatch(makeEngine: MakeEngine): Promise<void> {
  const model = createModel('resnext_toy', { features: true, seed: 1 });
  const engine = await makeEngine(foldBatchNorm(lowerModel(model)));
  const before = tf.memory().numTensors;
  const images = tf.zeros<tf.Rank.R4>([0, 32, 32, 3]);
  const made = await engine.predict(images);
  expect(made.map(({ shape }) => shape)).toEqual(model.outputs.map(({ shape }) => [0, ...shape.slice(1)]));
  expect(made.map((output) => output.dataSync().length)).toEqual(made.map(() => 0));
  tf.dispose([images, made]);
  expect(tf.memory().numTensors).toBe(before);
  const small = tf.zeros<tf.Rank.R4>([0, 16, 16, 3]);
  await expect(engine.predict(small)).rejects.toThrow('32, 32, 3');
  small.dispose();
  await engine.dispose();
  model.dispose();
}

/** Graphs that are not of images, or of several inputs, and images of another size are refused. */
export async function expectRefusals(makeEngine: MakeEngine): Promise<void> {
  const vector = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [4] })] });
  await expect(makeEngine(lowerModel(vector))).rejects.toThrow('an input of images');
  const inputs = [1, 2].map(() => tf.input({ shape: [4, 4, 1] }));
  const two = tf.model({ inputs, outputs: tf.layers.add().apply(inputs) as tf.SymbolicTensor });
  await expect(makeEngine(lowerModel(two))).rejects.toThrow('one input. Received: 2');
  const model = createModel('resnext_toy', { seed: 1 });
  const engine = await makeEngine(lowerModel(model));
  const small = tf.zeros<tf.Rank.R4>([1, 16, 16, 3]);
  await expect(engine.predict(small)).rejects.toThrow(
    'images: expected [batch, 32, 32, 3]. Received: [1,16,16,3].',
  );
  await engine.dispose();
  small.dispose();
  for (const each of [vector, two, model]) each.dispose();
}

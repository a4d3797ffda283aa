import * as tf from '@tensorflow/tfjs';

import { useBackend } from '../../src/backends/use-backend-node';
import { measureInTurns, median } from '../../src/compare/measure-in-turns';
import { InterruptedError } from '../../src/errors';
import { TESTED_BACKENDS } from '../support/backends';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

/** Models that take no time of their own but move a clock when they predict, and keep a diary. */
function clockwork(times: Record<string, number[]>): {
  models: tf.LayersModel[];
  diary: string[];
  now: () => number;
  release: () => void;
} {
  let time = 0;
  const diary: string[] = [];
  const models = Object.entries(times).map(([name, durations]) => {
    const model = tf.sequential({ name, layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
    const predict = model.predict.bind(model);
    let calls = 0;
    model.predict = (images, options) => {
      diary.push(`${name}${(images as tf.Tensor).shape[0]}`);
      time += durations[Math.min(calls++, durations.length - 1)];
      return predict(images, options);
    };
    return model;
  });
  return { models, diary, now: () => time, release: () => models.forEach((model) => void model.dispose()) };
}

test('models take turns, warm-up is left out, and medians come out', async () => {
  const { models, diary, now, release } = clockwork({ a: [1000, 5, 9, 7], b: [2000, 1, 50, 2] });
  const medians = await measureInTurns(models, {
    batchSize: 4,
    warmUp: 1,
    leastRounds: 3,
    mostRounds: 3,
    now,
  });
  expect(diary).toEqual(['a4', 'b4', 'a4', 'b4', 'a4', 'b4', 'a4', 'b4']);
  expect(medians).toEqual([7, 2]);
  release();
});

test('rounds end when the budget is spent, but not before the least of them', async () => {
  const { models, diary, now, release } = clockwork({ a: [100] });
  const rounds: number[] = [];
  const options = {
    batchSize: 1,
    warmUp: 0,
    mostRounds: 9,
    now,
    onRound: (done: number) => void rounds.push(done),
  };
  await measureInTurns(models, { ...options, leastRounds: 2, budget: 400 });
  expect(rounds).toEqual([1, 2, 3, 4]);
  diary.length = 0;
  await measureInTurns(models, { ...options, leastRounds: 3, budget: 100 });
  expect(diary).toHaveLength(3);
  release();
});

test('real models leave no tensor behind, and take time', async () => {
  const models = [4, 8].map((units) =>
    tf.sequential({ layers: [tf.layers.dense({ units, inputShape: [3] })] }),
  );
  const before = tf.memory().numTensors;
  const medians = await measureInTurns(models, { batchSize: 2, mostRounds: 5 });
  expect(tf.memory().numTensors).toBe(before);
  for (const time of medians) expect(time).toBeGreaterThan(0);
  models.forEach((model) => void model.dispose());
});

test('an aborted signal ends it, tensors and all', async () => {
  const { models, release } = clockwork({ a: [1] });
  const controller = new AbortController();
  const before = tf.memory().numTensors;
  const onRound = (done: number): void => void (done === 2 && controller.abort());
  const measured = measureInTurns(models, { batchSize: 1, signal: controller.signal, onRound });
  await expect(measured).rejects.toThrow(InterruptedError);
  expect(tf.memory().numTensors).toBe(before);
  release();
});

test('a model of no fixed size is refused by name', async () => {
  const layer = tf.layers.conv2d({ filters: 1, kernelSize: 1, inputShape: [null, null, 3] });
  const model = tf.sequential({ name: 'open', layers: [layer] });
  await expect(measureInTurns([model], { batchSize: 1 })).rejects.toThrow(
    /one input of a fixed size for open/,
  );
  model.dispose();
});

test('medians of odd and even numbers of values, by size and not by text', () => {
  expect(median([10, 9, 100])).toBe(10);
  expect(median([1, 30, 2, 4])).toBe(3);
  expect(() => median([])).toThrow('values: expected at least one value. Received: [].');
});

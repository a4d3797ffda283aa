import * as tf from '@tensorflow/tfjs';

import { useBackend } from '../../src/backends/use-backend-node';
import { CardinalError, InterruptedError, InvalidArgumentError } from '../../src/errors';
import { evaluate } from '../../src/train/evaluate';
import { train, type CheckpointEvent, type TrainOptions } from '../../src/train/train';
import type { NamedArrays, TrainState } from '../../src/train/train-state';
import { readWeights } from '../../src/train/weights';
import { writeWeights } from '../../src/train/write-weights';
import { smallDataset, smallModel } from './small-problem';

const images = smallDataset(70);
const validation = smallDataset(30, { seed: 2 });

// Everything on, so that a part whose state is lost shows.
const FULL: TrainOptions = {
  epochs: 4,
  batchSize: 16,
  learningRate: 0.05,
  mixup: 0.4,
  labelSmoothing: 0.1,
  ema: 0.9,
  cutout: 4,
  seed: 7,
};

beforeAll(async () => {
  await useBackend('auto');
});

function plain(arrays: NamedArrays): Record<string, number[]> {
  return Object.fromEntries([...arrays].map(([name, { data }]) => [name, [...data]]));
}

async function trained(options: TrainOptions, modelOptions = {}): Promise<Record<string, number[]>> {
  const model = smallModel(modelOptions);
  try {
    await train(model, { train: images, validation }, options);
    return plain(readWeights(model));
  } finally {
    model.dispose();
  }
}

test('a model learns a problem that can be learnt, and the history tells', async () => {
  const model = smallModel();
  const before = await evaluate(model, validation);
  const result = await train(
    model,
    { train: images, validation },
    { epochs: 6, batchSize: 10, learningRate: 0.1, padCrop: 0, seed: 1 },
  );
  const after = await evaluate(model, validation);
  expect(before.accuracy).toBeLessThan(0.7);
  expect(after.accuracy).toBeGreaterThan(0.95);
  expect(result.history.map(({ epoch, step }) => [epoch, step])).toEqual(
    [1, 2, 3, 4, 5, 6].map((epoch) => [epoch, epoch * 7]),
  );
  expect(result.history[5].validationAccuracy).toBe(after.accuracy);
  expect(result.history[5].trainLoss).toBeLessThan(result.history[0].trainLoss / 2);
  const accuracies = result.history.map(({ validationAccuracy = -1 }) => validationAccuracy);
  expect(result.best.epoch).toBe(1 + accuracies.indexOf(Math.max(...accuracies)));
  model.dispose();
});

test('the same run twice gives the same weights, bit for bit; another seed gives others', async () => {
  const first = await trained(FULL, { dropout: 0.3 });
  expect(await trained(FULL, { dropout: 0.3 })).toEqual(first);
  expect(await trained({ ...FULL, seed: 8 }, { dropout: 0.3 })).not.toEqual(first);
});

describe.each(['sgd', 'adamw'] as const)('a stopped run under %s', (optimizer) => {
  const options: TrainOptions = { ...FULL, optimizer, learningRate: optimizer === 'sgd' ? 0.05 : 0.01 };

  test.each([
    ['at the end of an epoch', 8],
    ['in the midst of an epoch', 6],
  ])('goes on, when resumed %s, as if it had not stopped', async (_, steps) => {
    const straight = await trained(options, { dropout: 0.3 });
    const stopped = await interruptAfter(steps, options);
    expect(stopped.progress.step).toBe(steps);
    // Another start, so that weights which are not restored show.
    const resumed = await trained({ ...options, resumeFrom: stopped }, { dropout: 0.3, seed: 99 });
    expect(resumed).toEqual(straight);
  });
});

test('a stopped run with slow weights, whitening and alternating flips goes on as if it had not stopped', async () => {
  const options: TrainOptions = {
    ...FULL,
    ema: 0,
    lookahead: 3,
    whiten: true,
    normBiasScale: 8,
    flip: 'alternating',
    padMode: 'reflect',
    schedule: 'triangular',
  };
  const straight = await trained(options, { dropout: 0.3 });
  const stopped = await interruptAfter(7, options);
  expect(await trained({ ...options, resumeFrom: stopped }, { dropout: 0.3, seed: 99 })).toEqual(straight);
  for (const without of [
    { lookahead: 0 },
    { whiten: false },
    { normBiasScale: 1 },
    { flip: true },
  ] as const) {
    expect(await trained({ ...options, ...without }, { dropout: 0.3 })).not.toEqual(straight);
  }
});

function fill(weight: tf.LayerVariable, value: number): void {
  tf.tidy(() => {
    weight.write(tf.fill(weight.shape as number[], value));
  });
}

async function interruptAfter(steps: number, options: TrainOptions): Promise<TrainState> {
  const controller = new AbortController();
  const saved: TrainState[] = [];
  const events: CheckpointEvent[] = [];
  const model = smallModel({ dropout: 0.3 });
  const run = train(
    model,
    { train: images, validation },
    {
      ...options,
      signal: controller.signal,
      onStep: ({ step }) => step === steps && controller.abort(),
      onCheckpoint: (state, event) => {
        saved.push(state);
        events.push(event);
      },
    },
  );
  await expect(run).rejects.toThrow(InterruptedError);
  expect(events.at(-1)).toEqual({ reason: 'interrupted', isBest: false });
  model.dispose();
  return saved[saved.length - 1];
}

test('training leaves no tensors behind, whether it ends, stops or diverges', async () => {
  const model = smallModel({ dropout: 0.3 });
  const before = tf.memory().numTensors;
  const counts: number[] = [];
  const onStep = () => counts.push(tf.memory().numTensors);
  await train(model, { train: images, validation }, { ...FULL, epochs: 5, onStep });
  expect(tf.memory().numTensors).toBe(before);
  // All steps of an epoch find the same tensors; 20 of them in all.
  expect(counts).toHaveLength(20);
  expect(new Set(counts).size).toBe(1);
  await expect(train(model, { train: images }, { ...FULL, signal: AbortSignal.abort() })).rejects.toThrow(
    InterruptedError,
  );
  await expect(
    train(model, { train: images }, { epochs: 4, batchSize: 16, learningRate: 1e30, warmupEpochs: 0 }),
  ).rejects.toThrow(/./);
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
});

test('a loss that is no number stops the run, names the place, and reaches no checkpoint', async () => {
  const model = smallModel();
  const saved: { state: TrainState; event: CheckpointEvent }[] = [];
  const run = train(
    model,
    { train: images, validation },
    {
      epochs: 5,
      batchSize: 16,
      learningRate: 0.1,
      seed: 1,
      onStep: ({ step }) => {
        // As a rate that is far too high would, in the third epoch.
        if (step === 9) fill(model.getLayer('fc').weights[0], NaN);
      },
      onCheckpoint: (state, event) => void saved.push({ state, event }),
    },
  );
  await expect(run).rejects.toThrow(
    /^the loss became NaN in epoch 3, step 2 of 4, at learning rate 0\.0\d+: try a lower rate/,
  );
  await expect(run).rejects.toBeInstanceOf(CardinalError);
  expect(saved.map(({ state }) => state.progress.epochsDone)).toEqual([1, 2]);
  for (const { state } of saved) {
    for (const { data } of state.weights.values()) expect(data.every(Number.isFinite)).toBe(true);
  }
  model.dispose();
});

test('what is not finite before the first step, or after the last one, is not said to be of a next one or of the rate', async () => {
  const broken = smallModel();
  fill(broken.getLayer('fc').weights[0], NaN);
  await expect(train(broken, { train: images }, { epochs: 1, batchSize: 16 })).rejects.toThrow(
    /^the loss became NaN in epoch 1, step 1 of 4, before any update: fc\/kernel, which the model came with, is not finite$/,
  );
  broken.dispose();

  const model = smallModel();
  const onStep = ({ stepsInEpoch }: { stepsInEpoch: number }): void => {
    if (stepsInEpoch === 4) fill(model.getLayer('fc').weights[0], NaN);
  };
  await expect(
    train(model, { train: images, validation }, { epochs: 1, batchSize: 16, onStep }),
  ).rejects.toThrow(/^the validation loss became NaN in epoch 1, after step 4 of 4, at learning rate/);
  model.dispose();
});

test('weights that leave the numbers in the last step of an epoch reach no checkpoint either', async () => {
  const model = smallModel();
  const saved: TrainState[] = [];
  const run = train(
    model,
    { train: images },
    {
      epochs: 2,
      batchSize: 16,
      onStep: ({ stepsInEpoch }) => {
        if (stepsInEpoch === 4) fill(model.getLayer('bn').weights[2], Infinity);
      },
      onCheckpoint: (state) => void saved.push(state),
    },
  );
  await expect(run).rejects.toThrow('bn/moving_mean is no longer finite in epoch 1');
  expect(saved).toEqual([]);
  model.dispose();
});

test('evaluation and the best epoch go by the moving average, which the model has at the end', async () => {
  const model = smallModel();
  const states: TrainState[] = [];
  const result = await train(
    model,
    { train: images, validation },
    { epochs: 2, batchSize: 16, ema: 0.5, seed: 3, onCheckpoint: (state) => void states.push(state) },
  );
  const { ema, weights } = states[1];
  expect(plain(readWeights(model))).toEqual(plain(ema as NamedArrays));
  expect(plain(weights)).not.toEqual(plain(ema as NamedArrays));
  expect((await evaluate(model, validation)).loss).toBe(result.history[1].validationLoss);
  writeWeights(model, weights);
  expect((await evaluate(model, validation)).loss).not.toBe(result.history[1].validationLoss);
  model.dispose();
});

test('an interruption during validation resumes there and trains no step twice', async () => {
  const straight = await trained({ ...FULL, epochs: 2 });
  const controller = new AbortController();
  const saved: TrainState[] = [];
  const model = smallModel();
  const large = smallDataset(600, { seed: 2 });
  const run = train(
    model,
    { train: images, validation: large },
    {
      ...FULL,
      epochs: 2,
      signal: controller.signal,
      onValidation: () => controller.abort(),
      onCheckpoint: (state) => void saved.push(state),
    },
  );
  await expect(run).rejects.toThrow('interrupted after 0 of 2 epochs and 4 of 4 steps of the next');
  expect(saved.map(({ progress }) => [progress.epochsDone, progress.stepsInEpoch])).toEqual([[0, 4]]);
  expect(await trained({ ...FULL, epochs: 2, resumeFrom: saved[0] })).toEqual(straight);
  model.dispose();
});

test('a state of another recipe, seed or model is refused', async () => {
  const state = await interruptAfter(6, FULL);
  const model = smallModel({ dropout: 0.3 });
  const attempt = (options: TrainOptions) =>
    train(model, { train: images }, { ...FULL, resumeFrom: state, ...options });
  for (const options of [{ seed: 8 }, { batchSize: 8 }, { ema: 0 }, { epochs: 1, warmupEpochs: 0 }]) {
    await expect(attempt(options)).rejects.toThrow('belongs to another recipe or other data');
  }
  await expect(attempt({ optimizer: 'adamw' })).rejects.toThrow(
    "of another optimiser: it holds 'momentum' where 'mean, square' belongs",
  );
  const wider = smallModel({ classes: 5 });
  await expect(
    train(wider, { train: smallDataset(70, { classes: 5 }) }, { ...FULL, resumeFrom: state }),
  ).rejects.toThrow(
    'the weights do not fit the model: fc/kernel has shape [6, 3] where the model has [6, 5]',
  );
  model.dispose();
  wider.dispose();
});

test.each<[TrainOptions, string]>([
  [{ epochs: 1.5 }, 'epochs: expected a whole number of at least 1. Received: 1.5.'],
  [{ batchSize: 71 }, 'batchSize: expected at most 70, the training images. Received: 71.'],
  [{ momentum: 1 }, 'momentum: expected a number from 0 to below 1. Received: 1.'],
  [{ learningRate: NaN }, 'learningRate: expected a number above 0.'],
  [{ optimizer: 'adam' as 'adamw' }, "did you mean 'adamw'?"],
  [{ epochs: 3, warmupEpochs: 3 }, 'warmupEpochs: expected fewer than the 3 epochs. Received: 3.'],
  [{ learningrate: 1 } as TrainOptions, "did you mean 'learningRate'?"],
])('%j is refused', async (options, sentence) => {
  const model = smallModel();
  await expect(train(model, { train: images }, options)).rejects.toThrow(InvalidArgumentError);
  await expect(train(model, { train: images }, options)).rejects.toThrow(sentence);
  model.dispose();
});

test('a model of other classes is refused', async () => {
  const five = smallModel({ classes: 5 });
  await expect(train(five, { train: images })).rejects.toThrow('an output of [3]');
  five.dispose();
});

test('a precision that only a compiled step has is refused where there is none', async () => {
  const precise = { epochs: 1, batchSize: 16, precision: 'bfloat16' } as const;
  const before = tf.memory().numTensors;
  await expect(trained({ ...precise, compile: false })).rejects.toThrow(
    'precision: expected float32, since compile is false. Received: ' + "'bfloat16'.",
  );
  await expect(trained({ ...precise, precision: 'bfloat1' as never })).rejects.toThrow(
    "did you mean 'bfloat16'?",
  );
  // A layer whose noise JavaScript draws; on the other backends nothing is compiled in any case.
  const noisy = tf.sequential({
    layers: [
      tf.layers.gaussianNoise({ stddev: 0.1, inputShape: [8, 8, 3] }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 3 }),
    ],
  });
  await expect(train(noisy, { train: images }, precise)).rejects.toThrow(
    /precision: expected float32, since/,
  );
  noisy.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

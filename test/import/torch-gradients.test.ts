import * as tf from '@tensorflow/tfjs';

import { createModel, isModelName, type ModelName } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { torchCounterpart, toTorch } from '../../src/import/torch-names';
import { trainableParameters, weightVariables } from '../../src/train/weights';
import { HAS_NATIVE } from '../support/backends';
import { fillModel, torchFillImages, uniform } from '../support/torch-fill';
import { fixtureNames, readFixture } from '../support/torch-fixtures';

const TOLERANCE = 1e-3;

/** Models that wasm, slower than the native library by some ten times, has time for, and whose rounding moves no ReLU. */
const SMALL = new Set(['shufflenet_v2_x0_5', 'squeezenet1_1']);

const names = fixtureNames('gradients').filter(isModelName);
const tested = HAS_NATIVE ? names : names.filter((name) => SMALL.has(name));

beforeAll(() => useBackend(HAS_NATIVE ? 'tensorflow' : 'wasm'));

/** A tensor's norm and its products with vectors of signs as shares of that norm, as torch_gradients.py has them. */
function summary(name: string, values: Float32Array): [norm: number, ...products: number[]] {
  const signs = uniform(`signs of ${name}`, 4 * values.length);
  let squares = 0;
  const products = [0, 0, 0, 0];
  for (let index = 0; index < values.length; index++) {
    squares += values[index] ** 2;
    for (let vector = 0; vector < 4; vector++) {
      products[vector] += signs[vector * values.length + index] < 0 ? -values[index] : values[index];
    }
  }
  const norm = Math.sqrt(squares);
  return [norm, ...products.map((product) => product / norm)];
}

/** The largest error of a tensor's norm and products, as a share of the norm that is expected. */
function summaryError(received: readonly number[], [norm, ...products]: readonly number[]): number {
  const [ownNorm, ...ownProducts] = received;
  const errors = products.map((product, index) => Math.abs((ownProducts[index] * ownNorm) / norm - product));
  return Math.max(Math.abs(ownNorm / norm - 1), ...errors);
}

interface Step {
  loss: number;
  gradients: Map<string, [norm: number, ...products: number[]]>;
  means: Map<string, [norm: number, ...products: number[]]>;
}

/** The loss and the gradients of one training step, and the running means that it moved, by PyTorch's names. */
function trainingStep(name: ModelName): Step {
  const { size, labels, gain, apart } = readFixture('gradients', name);
  const model = createModel(name, { initialise: false, numClasses: 10, inputShape: [size, size, 3] });
  const summarise = (own: string, tensor: tf.Tensor): [string, [number, ...number[]]] => {
    const counterpart = torchCounterpart(own, tensor.shape);
    const values = toTorch(tensor.dataSync(), counterpart, tensor.shape);
    return [counterpart.name, summary(counterpart.name, values)];
  };
  try {
    fillModel(model, { gain, apart });
    let step: Step | undefined;
    tf.tidy(() => {
      const images = tf.tensor4d(torchFillImages(labels.length, size), [labels.length, size, size, 3]);
      const targets = tf.oneHot(tf.tensor1d([...labels], 'int32'), 10);
      const parameters = trainableParameters(model);
      const { value, grads } = tf.variableGrads(
        () => tf.losses.softmaxCrossEntropy(targets, model.apply(images, { training: true }) as tf.Tensor),
        parameters.map(({ variable }) => variable),
      );
      step = {
        loss: value.dataSync()[0],
        gradients: new Map(parameters.map(({ name, variable }) => summarise(name, grads[variable.name]))),
        means: new Map(
          [...weightVariables(model)]
            .filter(([own]) => own.endsWith('/moving_mean'))
            .map(([own, variable]) => summarise(own, variable)),
        ),
      };
    });
    return step as unknown as Step;
  } finally {
    model.dispose();
  }
}

test.each(tested)("%s has the loss and gradients of its PyTorch twin's training step", (name) => {
  const expected = readFixture('gradients', name);
  const { loss, gradients, means } = trainingStep(name);
  expect(Math.abs(loss / expected.loss - 1)).toBeLessThanOrEqual(TOLERANCE);
  expect([...gradients.keys()].sort()).toEqual(Object.keys(expected.gradients).sort());
  expect([...means.keys()].sort()).toEqual(Object.keys(expected.means).sort());
  const largest = Math.max(...Object.values(expected.gradients).map(([norm]) => norm));
  const wrong: string[] = [];
  for (const [tensor, [norm, ...products]] of Object.entries(expected.gradients)) {
    const received = gradients.get(tensor) as number[];
    const error = norm === 0 ? received[0] / largest : summaryError(received, [norm, ...products]);
    if (!(error <= TOLERANCE)) wrong.push(`${tensor}: ${error}`);
  }
  for (const [tensor, moved] of Object.entries(expected.means)) {
    const error = summaryError(means.get(tensor) as number[], moved);
    if (!(error <= TOLERANCE)) wrong.push(`${tensor}: ${error}`);
  }
  expect(wrong).toEqual([]);
});

if (!HAS_NATIVE)
  test.skip.each(names.filter((name) => !SMALL.has(name)))(
    '%s: takes minutes on wasm, or a ReLU there bends the other way',
    () => {},
  );

test('every gradients fixture has a model', () => {
  expect(names).toEqual(fixtureNames('gradients'));
});

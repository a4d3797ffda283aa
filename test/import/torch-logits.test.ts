import * as tf from '@tensorflow/tfjs';

import { createModel, isModelName, type ModelName } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import type { GroupedConv2D } from '../../src/layers/grouped-conv2d';
import { weightVariables } from '../../src/train/weights';
import reference from '../fixtures/zoo-reference.json';
import { HAS_NATIVE } from '../support/backends';
import { relativeError } from '../support/grouped-conv2d-oracle';
import { fillModel, torchFillImages } from '../support/torch-fill';
import { fixtureNames, readFixture } from '../support/torch-fixtures';

const TOLERANCE = 1e-4;
/** What a mistake must change the logits by, or the test could not tell. */
const NOTICED = 1e-3;

/** Models that take no longer on wasm, slower than the native library by some ten times, than all do on that. */
const SMALL = new Set(['mobilenet_v3_small', 'shufflenet_v2_x0_5', 'mnasnet0_5', 'squeezenet1_1']);

const names = fixtureNames('logits').filter(isModelName);
const tested = HAS_NATIVE ? names : names.filter((name) => SMALL.has(name));

beforeAll(() => useBackend(HAS_NATIVE ? 'tensorflow' : 'wasm'));

/** The error of a model's logits against PyTorch's; `spoil` is done to it before. */
function logitsError(name: ModelName, spoil: (model: tf.LayersModel) => void = () => {}): number {
  const { size, logits, ...fill } = readFixture('logits', name);
  const model = createModel(name, { initialise: false });
  try {
    fillModel(model, fill);
    spoil(model);
    return tf.tidy(() => {
      const images = tf.tensor4d(torchFillImages(logits.length, size), [logits.length, size, size, 3]);
      return relativeError((model.predict(images) as tf.Tensor).dataSync(), logits.flat());
    });
  } finally {
    model.dispose();
  }
}

test.each(tested)('%s has the logits of its PyTorch twin under the same weights', (name) => {
  expect(logitsError(name)).toBeLessThanOrEqual(TOLERANCE);
});

if (!HAS_NATIVE)
  test.skip.each(names.filter((name) => !SMALL.has(name)))('%s: takes minutes on wasm', () => {});

test('every model of the reference has logits to be compared with, and every logits have a model', () => {
  expect(fixtureNames('logits').sort()).toEqual(Object.keys(reference.models).sort());
  expect(names).toHaveLength(fixtureNames('logits').length);
});

describe('a mistake is noticed', () => {
  const convolutions = (model: tf.LayersModel): GroupedConv2D[] =>
    model.layers.filter((layer): layer is GroupedConv2D => layer.getClassName() === 'GroupedConv2D');

  const changeKernels = (
    model: tf.LayersModel,
    change: (kernel: tf.Tensor4D) => tf.Tensor,
    isMeant: (name: string) => boolean = () => true,
  ): void =>
    tf.tidy(() => {
      for (const [name, variable] of weightVariables(model)) {
        if (variable.rank === 4 && isMeant(name)) variable.assign(change(variable as unknown as tf.Tensor4D));
      }
    });

  test.each(['mobilenet_v3_small', 'resnet18', 'regnet_x_400mf'] as const)(
    "%s with padding 'same' where the stride is 2",
    (name) => {
      const error = logitsError(name, (model) => {
        const strided = convolutions(model).filter(
          ({ strides, kernelSize }) => strides[0] === 2 && kernelSize[0] > 1,
        );
        expect(strided.length).toBeGreaterThan(3);
        for (const layer of strided) Object.assign(layer, { padding: 'same' });
      });
      expect(error).toBeGreaterThan(NOTICED);
    },
  );

  test.each(['regnet_x_400mf', 'resnext50_32x4d'] as const)(
    '%s with two groups of a layer exchanged',
    (name) => {
      const error = logitsError(name, (model) => {
        const {
          groups,
          filters,
          name: layer,
        } = convolutions(model).find(({ groups }) => groups > 1) as GroupedConv2D;
        const exchange = (kernel: tf.Tensor4D): tf.Tensor => {
          const parts = tf.split(kernel, groups, 3);
          expect(parts[0].shape[3]).toBe(filters / groups);
          return tf.concat([parts[1], parts[0], ...parts.slice(2)], 3);
        };
        changeKernels(model, exchange, (weight) => weight === `${layer}/kernel`);
      });
      expect(error).toBeGreaterThan(NOTICED);
    },
  );

  test.each(['mobilenet_v3_small', 'resnet18', 'shufflenet_v2_x0_5', 'efficientnet_b0'] as const)(
    "%s with ten times the batch norm's epsilon",
    (name) => {
      const error = logitsError(name, (model) => {
        const norms = model.layers.filter((layer) => layer.getClassName() === 'BatchNormalization');
        for (const layer of norms as unknown as { epsilon: number }[]) layer.epsilon *= 10;
      });
      expect(error).toBeGreaterThan(NOTICED);
    },
  );

  test.each(['mobilenet_v3_small', 'resnet18', 'squeezenet1_1'] as const)(
    '%s with the height and width of kernels exchanged',
    (name) => {
      const error = logitsError(name, (model) =>
        changeKernels(model, (kernel) => tf.transpose(kernel, [1, 0, 2, 3])),
      );
      expect(error).toBeGreaterThan(NOTICED);
    },
  );
});

import * as tf from '@tensorflow/tfjs';
import { ModelBuilder } from '../../models/model-builder';
import { resolveOptions } from '../../models/model-options';
import { squeezenet } from '../../models/squeezenet';
import { useBackend } from '../../src/backends/use-backend-node';
import reference from '../fixtures/zoo-reference.json';
import { TESTED_BACKENDS } from '../support/backends';
import { expectedFigures, features, figures, modules, withModel } from './family-figures';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

test('has the counts of torchvision', () => {
  expect(figures(squeezenet, 'squeezenet1_1')).toEqual(expectedFigures(reference.models.squeezenet1_1));
});

test('modules are those of torchvision', () => {
  const fire = (index: number) =>
    ['squeeze', 'expand1x1', 'expand3x3'].map((module) => `features.${index}.${module}`);
  expect(modules(squeezenet, 'squeezenet1_1')).toEqual([
    'features.0',
    ...[3, 4, 6, 7, 9, 10, 11, 12].flatMap(fire),
    'classifier.1',
  ]);
});

test('the classifier is a convolution, a ReLU and an average, as wide as there are classes', () => {
  withModel(
    squeezenet,
    'squeezenet1_1',
    (model) => {
      expect(model.getLayer('classifier.1').weights.map(({ shape }) => shape)).toEqual([[1, 1, 512, 7], [7]]);
      expect(model.layers.slice(-4).map((layer) => layer.name)).toEqual([
        'classifier.0',
        'classifier.1',
        'classifier.2',
        'classifier.3',
      ]);
      expect(model.outputs[0].shape).toEqual([null, 7]);
    },
    { numClasses: 7, dropRate: 0.5 },
  );
});

test('features are the last of each resolution', () => {
  expect(features(squeezenet, 'squeezenet1_1')).toEqual([
    ['features.1', 64, 2],
    ['features.4', 128, 4],
    ['features.7', 256, 8],
    ['features.12', 512, 16],
  ]);
});

// Heights and widths that torchvision's modules put out at these sizes of the image.
test.each([
  [
    [224, 224],
    [
      [111, 111],
      [55, 55],
      [27, 27],
      [13, 13],
    ],
  ],
  [
    [97, 65],
    [
      [48, 32],
      [24, 16],
      [12, 8],
      [6, 4],
    ],
  ],
  [
    [98, 64],
    [
      [48, 31],
      [24, 15],
      [12, 7],
      [6, 3],
    ],
  ],
] as const)('an image of %j', ([height, width], expected) => {
  const sizes = withModel(
    squeezenet,
    'squeezenet1_1',
    (model) =>
      ['features.1', 'features.2', 'features.5', 'features.8'].map((name) =>
        (model.getLayer(name).outputShape as number[]).slice(1, 3),
      ),
    { inputShape: [height, width, 3] },
  );
  expect(sizes).toEqual(expected);
});

/** The largest of each 3x3 window at stride 2; the last window of a row or column may reach beyond it. */
function naiveMaxPool(image: number[][]): number[][] {
  const starts = (length: number) =>
    Array.from({ length }, (_, start) => start).filter((start) => start % 2 === 0 && start + 1 < length);
  return starts(image.length).map((top) =>
    starts(image[0].length).map((left) =>
      Math.max(...image.slice(top, top + 3).flatMap((row) => row.slice(left, left + 3))),
    ),
  );
}

test.each([
  [7, 9],
  [8, 6],
  [6, 7],
  [2, 3],
])('pooling to the edge of %i x %i pixels', (height, width) => {
  tf.tidy(() => {
    const pixels = tf.randomUniform<tf.Rank.R4>([1, height, width, 1], 0, 1, 'float32', 3);
    const builder = new ModelBuilder(
      resolveOptions({ inputShape: [height, width, 1], numClasses: 1 }, squeezenet.variants.squeezenet1_1),
    );
    const model = tf.model({
      inputs: builder.image,
      outputs: builder.maxPool(builder.image, 'pool', { padding: 0, coversEdge: true }),
    });
    const pooled = model.predict(pixels) as tf.Tensor4D;
    const image = pixels.squeeze<tf.Tensor2D>([0, 3]).arraySync();
    // Arrays before shapes: an empty oracle would agree with nothing.
    expect(naiveMaxPool(image).length).toBeGreaterThan(0);
    expect(pooled.squeeze<tf.Tensor2D>([0, 3]).arraySync()).toEqual(naiveMaxPool(image));
  });
});

test('begins with kernels by fan-in, but the last, which is small; biases 0', () => {
  withModel(
    squeezenet,
    'squeezenet1_1',
    (model) => {
      const kernel = (name: string) => model.getLayer(name).getWeights()[0];
      const deviation = (name: string) =>
        tf.tidy(() => tf.sqrt(tf.moments(kernel(name)).variance).dataSync()[0]);
      // He: the variance is 2 over the number of inputs; uniform, so that none is beyond sqrt(3) deviations.
      expect(deviation('features.7.expand3x3')).toBeCloseTo(Math.sqrt(2 / (9 * 32)), 3);
      const largest = tf.tidy(() => kernel('features.7.expand3x3').abs().max().dataSync()[0]);
      expect(largest).toBeLessThanOrEqual(Math.sqrt(6 / (9 * 32)));
      expect(deviation('classifier.1')).toBeCloseTo(0.01, 3);
      expect(
        tf.tidy(() => model.getLayer('features.7.expand3x3').getWeights()[1].abs().max().dataSync()[0]),
      ).toBe(0);
    },
    { initialise: true, seed: 5, numClasses: 40, inputShape: [32, 32, 3] },
  );
});

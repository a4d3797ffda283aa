import * as tf from '@tensorflow/tfjs';
import { batchNormalization } from '../../src/layers/batch-normalization';
import { describeOnBackends } from '../support/backends';
import { relativeError } from '../support/grouped-conv2d-oracle';
import { savedAndLoaded } from '../support/saved-and-loaded';

const OPTIONS = {
  name: 'norm',
  axis: -1,
  momentum: 0.6,
  epsilon: 0.02,
  betaInitializer: tf.initializers.constant({ value: 0.3 }),
  gammaInitializer: tf.initializers.constant({ value: 1.5 }),
  movingMeanInitializer: tf.initializers.constant({ value: 0.7 }),
  movingVarianceInitializer: tf.initializers.constant({ value: 2 }),
  betaRegularizer: tf.regularizers.l2({ l2: 0.1 }),
  gammaConstraint: tf.constraints.nonNeg(),
};
type Options = Parameters<typeof batchNormalization>[0];

const model = (layer: tf.layers.Layer) => tf.sequential({ layers: [layer] });
const ours = (shape: number[], options: Options = OPTIONS) =>
  model(batchNormalization({ ...options, inputShape: shape }));
const stock = (shape: number[], options: Options = OPTIONS) =>
  model(tf.layers.batchNormalization({ ...options, inputShape: shape }));

describeOnBackends('batchNormalization', () => {
  it('is saved as the stock layer is, and loads as one', async () => {
    const mine = ours([4, 4, 3]);
    expect(mine.layers[0].getClassName()).toBe('BatchNormalization');
    expect(mine.layers[0].getConfig()).toEqual(stock([4, 4, 3]).layers[0].getConfig());
    const loaded = await savedAndLoaded(mine);
    const x = tf.randomNormal([2, 4, 4, 3], 0, 1, 'float32', 1);
    const expected = (mine.predict(x) as tf.Tensor).dataSync();
    expect((loaded.predict(x) as tf.Tensor).dataSync()).toEqual(expected);
  });

  it.each([
    ['4-D', [4, 5, 3], OPTIONS],
    ['3-D', [7, 4], OPTIONS],
    ['2-D', [6], OPTIONS],
  ] as [string, number[], Options][])(
    '%s: trains as the stock layer, moving statistics too',
    (_, shape, options) => {
      const x = tf.randomNormal([5, ...shape], 2, 3, 'float32', 2);
      const dy = tf.randomNormal([5, ...shape], 0, 1, 'float32', 3);
      const run = (each: tf.LayersModel) => {
        const variables = each.trainableWeights.map((weight) => weight.read() as tf.Variable);
        const loss = () => tf.sum(tf.mul(each.apply(x, { training: true }) as tf.Tensor, dy)) as tf.Scalar;
        const { value, grads } = tf.variableGrads(loss, variables);
        const gradients = variables.map(({ name }) => grads[name].dataSync());
        return [value.dataSync(), ...gradients, ...each.getWeights().map((weight) => weight.dataSync())];
      };
      const expected = run(stock(shape, options));
      const received = run(ours(shape, options));
      expect(received).toHaveLength(7); // loss, two gradients, gamma, beta and two moving statistics
      received.forEach((each, i) => expect(relativeError(each, expected[i])).toBeLessThan(1e-5));
    },
  );

  it('trains with channels first, where the stock layer has no gradient: as the transposed input with channels last', () => {
    const x = tf.randomNormal<tf.Rank.R4>([2, 3, 4, 5], 2, 3, 'float32', 2);
    const dy = tf.randomNormal<tf.Rank.R4>([2, 3, 4, 5], 0, 1, 'float32', 3);
    const last = (tensor: tf.Tensor) => tf.transpose(tensor, [0, 2, 3, 1]);
    const gradient = (layer: tf.LayersModel) =>
      tf.grad((x) => layer.apply(x, { training: true }) as tf.Tensor);
    const first = ours([3, 4, 5], { ...OPTIONS, axis: 1 });
    const reference = ours([4, 5, 3]);
    const dx = last(gradient(first)(x, dy)).dataSync();
    expect(relativeError(dx, gradient(reference)(last(x), last(dy)).dataSync())).toBeLessThan(1e-6);
    first.getWeights().forEach((weight, i) => {
      expect(relativeError(weight.dataSync(), reference.getWeights()[i].dataSync())).toBeLessThan(1e-6);
    });
  });

  it('trains without scale and without shift, which the stock layer does not', () => {
    const layer = ours([3], { scale: false, center: false, epsilon: 0, momentum: 0.5 });
    const x = tf.tensor2d([[1, 0, 5], [3, 4, 9]]); // prettier-ignore
    const y = layer.apply(x, { training: true }) as tf.Tensor;
    expect(relativeError(y.dataSync(), [-1, -1, -1, 1, 1, 1])).toBeLessThan(1e-5);
    // Halfway from 0 and 1 to the mean and the biased variance.
    const [mean, variance] = layer.getWeights().map((weight) => weight.dataSync());
    expect(relativeError(mean, [1, 1, 3.5])).toBeLessThan(1e-6);
    expect(relativeError(variance, [1, 2.5, 2.5])).toBeLessThan(1e-6);
  });

  it('leaves no tensor behind', () => {
    const layer = ours([4, 4, 3]);
    const x = tf.randomNormal([2, 4, 4, 3]);
    (layer.apply(x, { training: true }) as tf.Tensor).dispose();
    const before = tf.memory().numTensors;
    (layer.apply(x, { training: true }) as tf.Tensor).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

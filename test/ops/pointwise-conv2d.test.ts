import * as tf from '@tensorflow/tfjs';
import { convSpec, type ConvOptions } from '../../src/ops/conv-spec';
import {
  isPointwise,
  pointwiseBackpropFilter,
  pointwiseBackpropInput,
  pointwiseForward,
} from '../../src/ops/pointwise-conv2d';
import { useBackend } from '../../src/backends/use-backend-node';
import { expectNoLeak, TESTED_BACKENDS } from '../support/backends';
import { oracle, relativeError } from '../support/grouped-conv2d-oracle';

describe('isPointwise', () => {
  const of = (filter: number[], options: ConvOptions = {}) =>
    isPointwise(convSpec([2, 5, 4, 6], filter, options));

  it('holds for a dense 1x1 convolution, whatever word says that nothing is padded', () => {
    expect(of([1, 1, 6, 3])).toBe(true);
    expect(of([1, 1, 6, 3], { padding: 'same' })).toBe(true);
    expect(of([1, 1, 6, 3], { padding: 0, dilations: 2 })).toBe(true);
  });

  it('does not with a larger filter, a stride, padding or groups', () => {
    expect(of([1, 3, 6, 3])).toBe(false);
    expect(of([1, 1, 6, 3], { strides: [1, 2] })).toBe(false);
    expect(of([1, 1, 6, 3], { padding: 1 })).toBe(false);
    expect(of([1, 1, 3, 4], { groups: 2 })).toBe(false);
  });
});

// It is libtensorflow's; the other backends have their own.
(TESTED_BACKENDS.includes('tensorflow') ? describe : describe.skip)(
  'a 1x1 convolution as a matrix product',
  () => {
    beforeAll(() => useBackend('tensorflow'));

    const spec = convSpec([2, 5, 4, 6], [1, 1, 6, 3], {});
    const inputs = () => ({
      x: tf.randomNormal<tf.Rank.R4>([2, 5, 4, 6], 0, 1, 'float32', 1),
      filter: tf.randomNormal<tf.Rank.R4>([1, 1, 6, 3], 0, 1, 'float32', 2),
      dy: tf.randomNormal<tf.Rank.R4>([2, 5, 4, 3], 0, 1, 'float32', 3),
    });

    it('is the plain loops, and so are its gradients', () => {
      const { x, filter, dy } = inputs();
      const expected = oracle(x.dataSync(), filter.dataSync(), dy.dataSync(), spec);
      const y = pointwiseForward(x, filter, spec);
      const dx = pointwiseBackpropInput(dy, filter, spec);
      const dFilter = pointwiseBackpropFilter(x, dy, spec);
      for (const [name, tensor] of Object.entries({ y, dx, dFilter })) {
        expect(relativeError(tensor.dataSync(), expected[name as 'y'])).toBeLessThan(1e-5);
      }
      expect([y.shape, dx.shape, dFilter.shape]).toEqual([dy.shape, x.shape, filter.shape]);
    });

    it('leaves no tensor behind', () => {
      const { x, filter, dy } = inputs();
      expectNoLeak(() => {
        pointwiseForward(x, filter, spec).dispose();
        pointwiseBackpropInput(dy, filter, spec).dispose();
        pointwiseBackpropFilter(x, dy, spec).dispose();
      });
    });
  },
);

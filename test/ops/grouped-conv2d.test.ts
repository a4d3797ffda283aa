import * as tf from '@tensorflow/tfjs';
import '../../src/backends/register-kernels';
import { InvalidArgumentError } from '../../src/errors';
import { explain, groupedConv2d, groupedConv2dBackpropInput } from '../../src/ops/grouped-conv2d';
import { describeOnBackends, expectNoLeak, HAS_OWN_KERNELS } from '../support/backends';
import { relativeError } from '../support/grouped-conv2d-oracle';

const OPTIONS = { groups: 2, strides: 2, dilations: [1, 2], padding: 1 } as const;

function inputs() {
  return {
    x: tf.randomNormal<tf.Rank.R4>([2, 6, 7, 4], 0, 1, 'float32', 1),
    filter: tf.randomNormal<tf.Rank.R4>([3, 3, 2, 6], 0, 1, 'float32', 2),
  };
}

/** A loss whose gradients depend on where they are taken, so that a constant output gradient cannot hide an error. */
const loss = (x: tf.Tensor, filter: tf.Tensor) => groupedConv2d(x, filter, OPTIONS).square().sum().asScalar();

describeOnBackends('groupedConv2d', () => {
  it('equals tf.conv2d with one group', () => {
    const { x } = inputs();
    const filter = tf.randomNormal<tf.Rank.R4>([3, 3, 4, 6], 0, 1, 'float32', 3);
    const ours = groupedConv2d(x, filter, { strides: 2, padding: 'same' });
    expect(relativeError(ours.dataSync(), tf.conv2d(x, filter, 2, 'same').dataSync())).toBeLessThan(1e-6);
  });

  it('keeps groups apart: each output sees its own group alone', () => {
    const x = tf.tensor4d([1, 10, 100, 1000], [1, 1, 1, 4]);
    const y = groupedConv2d(x, tf.ones([1, 1, 2, 4]), { groups: 2 });
    expect([...y.dataSync()]).toEqual([11, 11, 1100, 1100]);
  });

  it('has gradients that finite differences confirm', () => {
    const { x, filter } = inputs();
    const [dx, dFilter] = tf.grads(loss)([x, filter]);
    const epsilon = 1e-2;
    const slope = (at: (offset: number) => tf.Scalar) =>
      (at(epsilon).dataSync()[0] - at(-epsilon).dataSync()[0]) / (2 * epsilon);
    for (const index of [0, 77, 200, 335]) {
      const nudge = (offset: number) =>
        x.add(tf.buffer(x.shape, 'float32', spike(x.size, index, offset)).toTensor());
      const expected = slope((offset) => loss(nudge(offset), filter));
      expect(Math.abs(dx.dataSync()[index] - expected)).toBeLessThan(1e-2 * Math.max(1, Math.abs(expected)));
    }
    for (const index of [0, 50, 107]) {
      const nudge = (offset: number) =>
        filter.add(tf.buffer(filter.shape, 'float32', spike(filter.size, index, offset)).toTensor());
      const expected = slope((offset) => loss(x, nudge(offset)));
      expect(Math.abs(dFilter.dataSync()[index] - expected)).toBeLessThan(
        1e-2 * Math.max(1, Math.abs(expected)),
      );
    }
  });

  it('is differentiable twice, against finite differences of the first gradient', () => {
    const { x, filter } = inputs();
    const direction = tf.randomNormal<tf.Rank.R4>(x.shape, 0, 1, 'float32', 5);
    const along = (at: tf.Tensor) =>
      tf
        .grad((input) => loss(input, filter))(at)
        .mul(direction)
        .sum()
        .asScalar();
    const second = tf.grad(along)(x).mul(direction).sum().dataSync()[0];
    const epsilon = 1e-2;
    const step = direction.mul(epsilon);
    const expected = (along(x.add(step)).dataSync()[0] - along(x.sub(step)).dataSync()[0]) / (2 * epsilon);
    expect(Math.abs(second - expected)).toBeLessThan(1e-3 * Math.abs(expected));
  });

  it('computes only the gradients that are asked for', () => {
    const { x, filter } = inputs();
    const kernels = () => {
      const asked: string[] = [];
      const gradient = tf.grad((weights: tf.Tensor) => loss(x, weights));
      const spy = jest.spyOn(tf.engine(), 'runKernel').mockImplementation(function (
        this: unknown,
        name,
        ...rest
      ) {
        asked.push(name);
        return original.call(tf.engine(), name, ...rest);
      } as typeof original);
      gradient(filter);
      spy.mockRestore();
      return asked;
    };
    const original = tf.engine().runKernel;
    const asked = kernels();
    expect(asked).toContain('GroupedConv2DBackpropFilter');
    expect(asked).not.toContain('GroupedConv2DBackpropInput');
  });

  it('takes an image without a batch, and gives one back', () => {
    const { x, filter } = inputs();
    const image = x.slice([1, 0, 0, 0], [1, 6, 7, 4]).squeeze<tf.Tensor3D>([0]);
    const y = groupedConv2d(image, filter, OPTIONS);
    expect(y.rank).toBe(3);
    const batch = groupedConv2d(x, filter, OPTIONS);
    const second = [...batch.dataSync()].slice(y.size);
    expect(relativeError(y.dataSync(), second)).toBeLessThan(1e-6);
    const dx = groupedConv2dBackpropInput(image.shape, y, filter, OPTIONS);
    expect(dx.shape).toEqual(image.shape);
  });

  it('leaves no tensor behind, its gradients neither', () => {
    const { x, filter } = inputs();
    expectNoLeak(() => tf.dispose(tf.grads(loss)([x, filter])));
  });

  it('explains what it takes and why it leaves each other', () => {
    const explained = explain({
      inputShape: [1, 56, 56, 128],
      filterShape: [3, 3, 4, 128],
      groups: 32,
      padding: 'same',
    });
    for (const pass of ['forward', 'backpropInput', 'backpropFilter'] as const) {
      const { strategy, because, others } = explained[pass];
      if (tf.getBackend() === 'tensorflow') expect(strategy).toBe(HAS_OWN_KERNELS ? 'direct' : 'native');
      else expect(strategy).toBe(pass === 'backpropFilter' ? 'block-diagonal' : 'depthwise-sum');
      expect(because).not.toBe('');
      expect(Object.keys(others)).toHaveLength(5);
    }
    if (tf.getBackend() !== 'tensorflow') {
      expect(explained.forward.others.native).toContain('it needs the tensorflow backend');
      expect(explained.forward.others.direct).toContain('it needs the tensorflow backend');
    }
  });
});

describe('groupedConv2d refuses', () => {
  const x = () => tf.ones([1, 4, 4, 8]);
  it.each([
    ['groups that divide nothing', { groups: 3 }, [3, 3, 2, 16], /^groups: expected a divisor of both the 8 input channels and the 16 filters \(1, 2, 4, 8\)\. Received: 3\.$/],
    ['a filter of the wrong depth', { groups: 2 }, [3, 3, 8, 16], /^filter: expected a depth of 4 \(8 input channels in 2 groups\)/],
    ['an unknown implementation', { implementation: 'nativ' }, [3, 3, 8, 16], /^implementation: .* \(did you mean 'native'\?\)/],
    ['an unknown padding', { padding: 'full' }, [3, 3, 8, 16], /^padding: expected 'same', 'valid'/],
    ['a stride of zero', { strides: 0 }, [3, 3, 8, 16], /^strides: expected a whole number of at least 1/],
    ['a filter larger than the input', {}, [7, 7, 8, 16], /^x: expected a padded height and width of at least the filter's 7 x 7/],
  ])('%s', (_, options, filterShape, message) => {
    const run = () => groupedConv2d(x(), tf.ones(filterShape), options as Parameters<typeof groupedConv2d>[2]);
    expect(run).toThrow(InvalidArgumentError);
    expect(run).toThrow(message);
  }); // prettier-ignore

  it('a tensor of whole numbers, and one of rank 2', () => {
    expect(() => groupedConv2d(tf.ones([1, 4, 4, 8], 'int32'), tf.ones([3, 3, 8, 16]))).toThrow(/^x: expected a float32 tensor/);
    expect(() => groupedConv2d(tf.ones([4, 8]), tf.ones([3, 3, 8, 16]))).toThrow(/^x: expected a tensor of rank 4 or 3/);
  }); // prettier-ignore
});

function spike(size: number, index: number, value: number): Float32Array {
  const values = new Float32Array(size);
  values[index] = value;
  return values;
}

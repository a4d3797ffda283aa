import * as tf from '@tensorflow/tfjs';
import '../../src/backends/register-kernels';
import { mendKernels } from '../../src/backends/mended-kernels';
import { useBackend } from '../../src/backends/use-backend-node';
import { noticedFailure } from '../../src/backends/wasm/noticed-failure';
import { sumInParts } from '../../src/backends/webgpu/sum-in-parts';

beforeAll(async () => {
  await useBackend('wasm');
});

it('a convolution with stride 2 and one row of filter is right on wasm, for stock tfjs as well', () => {
  const x = tf.range(0, 192).reshape<tf.Tensor4D>([1, 4, 6, 8]);
  const y = tf.conv2d(x, tf.ones([1, 3, 8, 1]), 2, 'same');
  // Rows 0 and 2, and from each of them columns 0 to 2, 2 to 4, and 4 and 5 beside a zero.
  const pixel = (row: number, column: number) => 8 * (8 * (6 * row + column)) + 28;
  const sums = [0, 2].flatMap((row) =>
    [[0, 1, 2], [2, 3, 4], [4, 5]].map((columns) => columns.reduce((sum, at) => sum + pixel(row, at), 0)),
  ); // prettier-ignore
  expect([...y.dataSync()]).toEqual(sums);
});

it('a kernel that writes nothing is noticed on wasm, and named with what it was given', () => {
  const silent: tf.KernelFunc = ({ backend }) =>
    (backend as { makeOutput(shape: number[], dtype: string): tf.TensorInfo }).makeOutput(
      [1, 2, 2, 1],
      'float32',
    );
  const [x, filter] = [tf.ones([1, 4, 4, 1]), tf.ones([3, 3, 1, 1])];
  const before = tf.memory().numDataBuffers;
  const call = { inputs: { x, filter }, attrs: { strides: [1, 1], dilations: [1, 1], pad: 'valid' } };
  expect(() => noticedFailure('Conv2D', silent)({ ...call, backend: tf.backend() })).toThrow(
    /^Conv2D: tfjs's wasm backend computed nothing for x \[1,4,4,1\], filter \[3,3,1,1\] with {"strides":\[1,1\],.*"pad":"valid"}/,
  );
  expect(tf.memory().numDataBuffers).toBe(before);
});

it('a kernel is mended once, and its set-up is kept', () => {
  const config = tf.getKernel('Conv2D', 'wasm');
  mendKernels('wasm');
  expect(tf.getKernel('Conv2D', 'wasm')).toBe(config);
  expect(config.setupFunc).toBeDefined();
});

it('a sum of many tensors is a sum of sums of at most seven', () => {
  const run = jest.spyOn(tf.engine(), 'runKernel');
  const never: tf.KernelFunc = () => {
    throw new Error('too many tensors for one program');
  };
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [i, tf.scalar(i)]));
  const sum = sumInParts('AddN', never)({ inputs: many, backend: tf.backend() }) as tf.Tensor;
  const sums = run.mock.calls.filter(([name]) => name === 'AddN');
  run.mockRestore();
  expect(sum.dataSync()[0]).toBe(1225);
  expect(sums.map(([, inputs]) => Object.keys(inputs).length)).toEqual([7, 7, 7, 7, 7, 7, 7, 7, 2]);
});

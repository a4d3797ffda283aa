import * as tf from '@tensorflow/tfjs';
import { channelShuffle } from '../../src/ops/channel-shuffle';
import { describeOnBackends, expectNoLeak } from '../support/backends';

/** By the definition: output channel c · groups + g is channel c of group g. */
function oracle(x: Float32Array, channels: number, groups: number): number[] {
  const y = new Array<number>(x.length);
  const inGroup = channels / groups;
  for (let pixel = 0; pixel < x.length / channels; pixel++) {
    for (let g = 0; g < groups; g++) {
      for (let c = 0; c < inGroup; c++) {
        y[pixel * channels + c * groups + g] = x[pixel * channels + g * inGroup + c];
      }
    }
  }
  return y;
}

describeOnBackends('channelShuffle', () => {
  it.each([
    [[2, 3, 4, 12], 2],
    [[2, 3, 4, 12], 3],
    [[2, 3, 4, 12], 4],
    [[2, 3, 4, 12], 1],
    [[2, 3, 4, 12], 12],
    [[5, 6], 2],
    [[8], 2],
    [[0, 2, 2, 4], 2],
  ])('of %p by %i: values and gradient are the definition, to the bit', (shape, groups) => {
    const channels = shape[shape.length - 1];
    const x = tf.randomNormal(shape, 0, 1, 'float32', 1);
    const y = channelShuffle(x, groups);
    expect(y.shape).toEqual(shape);
    expect([...y.dataSync()]).toEqual(oracle(x.dataSync() as Float32Array, channels, groups));
    // Where an element goes, its gradient comes from: the shuffle of the gradient is dy.
    const dy = tf.randomNormal(shape, 0, 1, 'float32', 2);
    const dx = tf.grad((x) => channelShuffle(x, groups))(x, dy);
    expect(oracle(dx.dataSync() as Float32Array, channels, groups)).toEqual([...dy.dataSync()]);
  });

  it('differentiates twice', () => {
    const x = tf.tensor2d([[1, 2, 3, 4]]);
    const weights = tf.tensor2d([[1, 10, 100, 1000]]);
    const cubes = (x: tf.Tensor) => tf.sum(tf.mul(weights, tf.pow(channelShuffle(x, 2), 3)));
    const second = tf.grad((x) => tf.sum(tf.grad(cubes)(x)))(x);
    // Weights in the order of the inputs, times 6 x.
    expect([...second.dataSync()].map(Math.round)).toEqual([6 * 1, 6 * 2 * 100, 6 * 3 * 10, 6 * 4 * 1000]);
  });

  it('leaves no tensor behind and keeps int32', () => {
    const x = tf.randomNormal([2, 3, 8]);
    expectNoLeak(() => {
      channelShuffle(x, 2).dispose();
      tf.grad((x) => channelShuffle(x, 2))(x).dispose();
    });
    const whole = channelShuffle(tf.tensor1d([0, 1, 2, 3], 'int32'), 2);
    expect([whole.dtype, ...whole.dataSync()]).toEqual(['int32', 0, 2, 1, 3]);
  });

  it('refuses groups that do not divide the channels', () => {
    expect(() => channelShuffle(tf.zeros([2, 6]), 4)).toThrow(
      'groups: expected a divisor of the 6 input channels. Received: 4.',
    );
    expect(() => channelShuffle(tf.zeros([2, 6]), 1.5)).toThrow('groups: expected');
  });
});

import * as tf from '@tensorflow/tfjs';
import { accelerate, restore } from '../../src/backends/accelerate';
import { ChannelSlice, channelSlice } from '../../src/layers/channel-slice';
import { describeOnBackends, expectNoLeak } from '../support/backends';

afterEach(restore);

describeOnBackends('channel slice', () => {
  test.each([[[2, 3, 2, 5]], [[3, 5]]])('takes the channels of %j from `begin` on', (shape) => {
    const layer = channelSlice({ begin: 1, size: 3 });
    const x = tf.randomNormal(shape, 0, 1, 'float32', 3);
    const y = layer.apply(x) as tf.Tensor;
    expect(y.shape).toEqual([...shape.slice(0, -1), 3]);
    const channel = (index: number) => index % 5;
    const expected = [...x.dataSync()].filter((_, index) => channel(index) >= 1 && channel(index) < 4);
    expect([...y.dataSync()]).toEqual(expected);
    tf.dispose([x, y]);
  });

  test.each([
    ['stock tfjs', false],
    ['accelerate()', true],
  ])('the gradient of two halves puts each where it came from under %s', (_, accelerated) => {
    if (accelerated) accelerate();
    const input = tf.input({ shape: [1, 1, 4] });
    const halves = [0, 2].map((begin) => channelSlice({ begin, size: 2 }).apply(input) as tf.SymbolicTensor);
    const model = tf.model({
      inputs: input,
      outputs: tf.layers.concatenate().apply(halves) as tf.SymbolicTensor,
    });
    tf.tidy(() => {
      const x = tf.tensor4d([1, 2, 3, 4], [1, 1, 1, 4]);
      const weights = tf.tensor1d([1, 10, 100, 1000]);
      const gradient = tf.grad((one) =>
        (model.apply(one, { training: true }) as tf.Tensor).square().mul(weights).sum(),
      );
      expect([...gradient(x).dataSync()]).toEqual([2, 40, 600, 8000]);
    });
    model.dispose();
  });

  test('leaves nothing behind', () => {
    const x = tf.ones([1, 2, 2, 4]);
    expectNoLeak(() => tf.dispose(channelSlice({ begin: 0, size: 2 }).apply(x) as tf.Tensor));
    x.dispose();
  });
});

test('config round trip, and as part of a model', () => {
  const layer = channelSlice({ begin: 1, size: 2, name: 'right', trainable: false });
  const config = JSON.parse(JSON.stringify(layer.getConfig())) as tf.serialization.ConfigDict;
  expect(config).toEqual({ name: 'right', trainable: false, begin: 1, size: 2 });
  const again = ChannelSlice.fromConfig(ChannelSlice as never, config) as ChannelSlice;
  expect(again.getConfig()).toEqual(config);
  const input = tf.input({ shape: [4, 4, 3] });
  const model = tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
  expect(model.outputs[0].shape).toEqual([null, 4, 4, 2]);
  expect(model.weights).toEqual([]);
  model.dispose();
});

test('channels out of range are refused', () => {
  expect(() => channelSlice({ begin: -1, size: 2 })).toThrow(
    'begin: expected a whole number of at least 0. Received: -1.',
  );
  expect(() => channelSlice({ begin: 0, size: 0 })).toThrow(
    'size: expected a whole number of at least 1. Received: 0.',
  );
  const apply = (channels: number | null) => () =>
    channelSlice({ begin: 2, size: 3 }).apply(tf.input({ shape: [4, 4, channels] }));
  expect(apply(4)).toThrow('size: expected what is left of 4 channels from 2 on. Received: 3.');
  expect(apply(null)).toThrow('inputShape: expected a known number of channels');
  expect(apply(5)).not.toThrow();
});

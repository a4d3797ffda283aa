import * as tf from '@tensorflow/tfjs';
import { accelerate, restore } from '../../src/backends/accelerate';
import { useBackend } from '../../src/backends/use-backend-node';
import { TESTED_BACKENDS } from '../support/backends';

/** Halves of the channels: tfjs calls such a layer once for each of its outputs. */
class Halves extends tf.layers.Layer {
  static readonly className = 'Halves';

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor[] {
    return tf.tidy(() => tf.split([inputs].flat()[0], 2, -1));
  }

  override computeOutputShape(shape: tf.Shape): tf.Shape[] {
    const half = [...shape.slice(0, -1), (shape.at(-1) as number) / 2];
    return [half, half];
  }
}

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

afterEach(restore);

test('a layer of several outputs trains, to the same numbers', () => {
  const gradientOf = () => {
    const input = tf.input({ shape: [6] });
    const ones = (units: number) => tf.layers.dense({ units, kernelInitializer: 'ones' });
    const before = ones(4).apply(input) as tf.SymbolicTensor;
    const [left, right] = new Halves().apply(before) as tf.SymbolicTensor[];
    // In this order one output is asked for long before the other.
    const joined = tf.layers.concatenate().apply([left, ones(3).apply(right) as tf.SymbolicTensor]);
    const model = tf.model({ inputs: input, outputs: joined as tf.SymbolicTensor });
    const x = tf.ones([2, 6]);
    const { value, grads } = tf.variableGrads(() => tf.sum(model.apply(x, { training: true }) as tf.Tensor));
    const gradients = model.trainableWeights.map((weight) => [
      ...grads[(weight.read() as tf.Variable).name].dataSync(),
    ]);
    tf.dispose([x, value, grads]);
    model.dispose();
    return gradients;
  };
  const stock = gradientOf();
  accelerate();
  expect(gradientOf()).toEqual(stock);
  expect(stock.flat().some((value) => value > 0)).toBe(true);
});

import * as tf from '@tensorflow/tfjs';
import { accelerate, restore } from '../../src/backends/accelerate';
import { batchNormalization } from '../../src/layers/batch-normalization';
import { depthwiseSeparableConv2D } from '../../src/layers/depthwise-separable-conv2d';
import { groupedConv2D } from '../../src/layers/grouped-conv2d';
import { describeOnBackends } from '../support/backends';

// What no images give is known without computing it: outputs without any, and gradients that are sums over nothing.

afterEach(restore);

function model(): tf.LayersModel {
  const { layers } = tf;
  const input = tf.input({ shape: [9, 8, 8] });
  const row = [
    groupedConv2D({ filters: 16, kernelSize: 3, groups: 2, padding: 'same', strides: 2 }),
    groupedConv2D({ filters: 5, kernelSize: 3, groups: 5, dilationRate: 2, dataFormat: 'channelsFirst', padding: 2 }),
    batchNormalization(),
    layers.conv2d({ filters: 6, kernelSize: 3, padding: 'same', activation: 'relu' }),
    layers.depthwiseConv2d({ kernelSize: [1, 3], strides: 2, padding: 'same' }),
    layers.separableConv2d({ filters: 4, kernelSize: 3, padding: 'same' }),
    depthwiseSeparableConv2D({ filters: 6, kernelSize: 3, padding: 1 }),
    layers.maxPooling2d({ poolSize: 2, padding: 'same' }),
    layers.averagePooling2d({ poolSize: 2, padding: 'same' }),
    layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 2 }),
    layers.flatten(),
    layers.dense({ units: 3, activation: 'softmax' }),
  ]; // prettier-ignore
  const outputs = row.reduce<tf.SymbolicTensor[]>(
    (made, layer) => [...made, layer.apply(made.at(-1) ?? input) as tf.SymbolicTensor],
    [],
  );
  return tf.model({ inputs: input, outputs: [outputs[0], outputs[outputs.length - 1]] });
}

describeOnBackends('a batch without images', (backend) => {
  it('is predicted under accelerate(), and through the layers themselves', () => {
    const made = model();
    const none = tf.zeros([0, 9, 8, 8]);
    const shapes = (outputs: unknown) => (outputs as tf.Tensor[]).map(({ shape }) => shape);
    const expected = made.outputs.map(({ shape }) => [0, ...shape.slice(1)]);
    expect(shapes(made.apply(none))).toEqual(expected);
    accelerate();
    const before = tf.memory().numTensors;
    const predicted = made.predict(none) as tf.Tensor[];
    expect(shapes(predicted)).toEqual(expected);
    expect(predicted.map((output) => output.dataSync().length)).toEqual([0, 0]);
    tf.dispose(predicted);
    expect(tf.memory().numTensors).toBe(before);
    made.dispose();
  });

  it('has gradients of zeros under accelerate()', () => {
    accelerate();
    const made = model();
    const none = tf.zeros([0, 9, 8, 8]);
    const { grads, value } = tf.variableGrads(() =>
      tf.addN((made.apply(none) as tf.Tensor[]).map((output) => tf.sum(tf.square(output)))),
    );
    expect([...value.dataSync()]).toEqual([0]);
    const gradients = Object.values(grads);
    expect(gradients.length).toBe(made.trainableWeights.length);
    expect(gradients.every((gradient) => gradient.dataSync().every((number) => number === 0))).toBe(true);
    made.dispose();
  });

  it('has a gradient of nothing through a sum over axes of one element', () => {
    accelerate();
    const dx = tf.grad((x) => tf.sum(tf.square(x)))(tf.zeros([0, 1, 1, 1]));
    expect(dx.shape).toEqual([0, 1, 1, 1]);
  });

  it('is reduced to what a sum, a product or a maximum of nothing is', () => {
    if (backend === 'cpu') return; // tfjs's cpu takes the mean for 0
    const none = tf.zeros([0, 2]);
    expect([...tf.sum(none, 0).dataSync()]).toEqual([0, 0]);
    expect([...tf.prod(none, 0).dataSync()]).toEqual([1, 1]);
    expect([...tf.mean(none, 0).dataSync()]).toEqual([NaN, NaN]);
    expect([...tf.max(none, 0).dataSync()]).toEqual([-Infinity, -Infinity]);
    expect([...tf.any(tf.cast(none, 'bool'), 0).dataSync()]).toEqual([0, 0]);
    expect(tf.sum(none, 1, true).shape).toEqual([0, 1]);
    expect([...tf.matMul(none, tf.zeros([0, 3]), true).dataSync()]).toEqual([0, 0, 0, 0, 0, 0]);
    const fused = tf.fused.matMul({ a: none, b: tf.zeros([0, 3]), transposeA: true, bias: tf.tensor1d([-1, 0, 2]), activation: 'relu' }); // prettier-ignore
    expect([...fused.dataSync()]).toEqual([0, 0, 2, 0, 0, 2]);
    expect(tf.transpose(tf.zeros([0, 4, 3, 2]), [0, 3, 1, 2]).shape).toEqual([0, 2, 4, 3]);
  });
});

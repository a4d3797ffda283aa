import * as tf from '@tensorflow/tfjs';
import { batchNormTraining } from '../../ops/batch-norm';
import { mul, sub } from '../../ops/untaped';
import '../register-batch-norm';
import { runningModel } from './running-model';
import type { StockBatchNormalization, StockReLU } from './stock-classes';

/** Outputs of batch norm that went through ReLU already, for the ReLU layer that follows. */
const rectified = new WeakSet<tf.Tensor>();

/** Whether a ReLU layer has nothing left to do. */
export function isRectified(x: tf.Tensor): boolean {
  return rectified.has(x);
}

/**
 * What a batch norm layer computes in a training step, by one kernel: it normalises by the batch and moves the moving
 * statistics, in which the variance is the biased one, as the stock layer's. Where a model under training has ReLU as the
 * only reader of the layer, ReLU is applied as well.
 *
 * Channels that are not last, with which the stock layer has no gradient, are moved there and back.
 *
 * @returns `undefined` where the stock layer should compute: in inference, or an input of another rank than 2 to 4
 */
export function callBatchNorm(
  layer: StockBatchNormalization,
  inputs: tf.Tensor | tf.Tensor[],
  kwargs: { training?: boolean } | undefined,
): tf.Tensor | undefined {
  const [x] = Array.isArray(inputs) ? inputs : [inputs];
  if (kwargs?.training !== true || !handles(x)) return undefined;
  const activation = feedsOnlyRelu(layer) ? 'relu' : 'linear';
  const output = tf.tidy(() => {
    const axis = layer.axis < 0 ? layer.axis + x.rank : layer.axis;
    const channels = [x.shape[axis]];
    const gamma = layer.gamma?.read() ?? tf.ones(channels);
    const beta = layer.beta?.read() ?? tf.zeros(channels);
    const options = { epsilon: layer.epsilon, activation } as const;
    const { y, mean, variance } = batchNormTraining(moveAxis(x, axis, x.rank - 1), gamma, beta, options);
    const share = tf.scalar(1 - layer.momentum);
    move(layer.movingMean, mean, share);
    move(layer.movingVariance, variance, share);
    return moveAxis(y, x.rank - 1, axis);
  });
  if (activation === 'relu') rectified.add(output);
  return output;
}

function move(moving: StockBatchNormalization['movingMean'], value: tf.Tensor, share: tf.Scalar): void {
  const before = moving.read();
  moving.write(sub(before, mul(sub(before, value), share)));
}

function handles(x: tf.Tensor): boolean {
  return x.dtype === 'float32' && x.size > 0 && x.rank >= 2 && x.rank <= 4;
}

function moveAxis(x: tf.Tensor, from: number, to: number): tf.Tensor {
  if (from === to) return x;
  const order = x.shape.map((_, axis) => axis).filter((axis) => axis !== from);
  order.splice(to, 0, from);
  return tf.transpose(x, order);
}

function feedsOnlyRelu(layer: tf.layers.Layer): boolean {
  const reader = runningModel()?.onlyReader(layer);
  if (reader === undefined) return false;
  if (reader.getClassName() === 'ReLU') return (reader as StockReLU).maxValue == null;
  return reader.getClassName() === 'Activation' && reader.getConfig().activation === 'relu';
}

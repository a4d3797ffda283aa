import * as tf from '@tensorflow/tfjs';
import { batchNormTraining } from '../../ops/batch-norm';
import { statisticsShare } from '../../ops/statistics-share';
import { mul, sub } from '../../ops/untaped';
import '../register-batch-norm';
import { isFrozen } from './frozen-layers';
import { replaceMethod } from './patch';
import { runningModel } from './running-model';
import type { StockBatchNormalization, StockReLU } from './stock-classes';

/** Outputs of batch norm that went through ReLU already, for the ReLU layer that follows. */
const rectified = new WeakSet<tf.Tensor>();

/** Whether a ReLU layer has nothing left to do. */
export function isRectified(x: tf.Tensor): boolean {
  return rectified.has(x);
}

type Inputs = tf.Tensor | tf.Tensor[];
/** A layer's `call`. */
export type BatchNormCall = (inputs: Inputs, kwargs?: { training?: boolean }) => Inputs;

/**
 * The `call` of a batch norm layer in place of `stock`, tfjs's own. It is the one that the layers of `batchNormalization`
 * have, that `accelerate` gives to all, and `freeze` to those that it freezes.
 *
 * In training, one kernel normalises by the batch, and the moving statistics move. A frozen layer normalises by its moving
 * statistics and leaves them alone, as in Keras, and as every layer does in inference; tfjs left that out.
 *
 * Channels that are not last are moved there and back: the stock layer has no gradient with them, and predicts otherwise on
 * wasm and in plain JavaScript than with tensorflow.
 */
export function batchNormCall(stock: BatchNormCall): BatchNormCall {
  return function (this: StockBatchNormalization, inputs, kwargs) {
    const [x] = Array.isArray(inputs) ? inputs : [inputs];
    // Images have at most four axes; of more tfjs says that it has no batch norm.
    if (x.rank > 4) return stock.call(this, inputs, kwargs);
    // A batch of nothing has no statistics.
    const isTraining = Boolean(kwargs?.training) && !isFrozen(this) && x.size > 0;
    return isTraining ? normaliseByBatch(this, x) : normaliseByMovingStatistics(this, x);
  };
}

const given = new WeakSet<BatchNormCall>();

/**
 * Gives one layer the call of {@link batchNormCall}, whether `accelerate` is in force or not.
 *
 * @returns what takes it back; a layer that has it already keeps it
 */
export function useBatchNormCall(layer: tf.layers.Layer): () => void {
  const target = layer as unknown as { call: BatchNormCall };
  if (given.has(target.call)) return () => undefined;
  // Looked up at each call, as `accelerate` may have put in another meanwhile.
  const { call: own } = Object.hasOwn(target, 'call') ? target : {};
  const stock: BatchNormCall = function (this: object, inputs, kwargs) {
    return (own ?? (Object.getPrototypeOf(this) as { call: BatchNormCall }).call).call(this, inputs, kwargs);
  };
  const takeBack = replaceMethod(target, 'call', () => batchNormCall(stock));
  given.add(target.call);
  return takeBack;
}

/** Whether a layer has its call from {@link useBatchNormCall}, which leaves inference as it is. */
export function hasBatchNormCall(layer: tf.layers.Layer): boolean {
  return given.has((layer as unknown as { call: BatchNormCall }).call);
}

/**
 * Normalises by the batch, by one kernel, and moves the moving statistics, in which the variance is the biased one, as the
 * stock layer's. Where a model under training has ReLU as the only reader of the layer, ReLU is applied as well.
 */
function normaliseByBatch(layer: StockBatchNormalization, inputs: tf.Tensor): tf.Tensor {
  const activation = feedsOnlyRelu(layer) ? 'relu' : 'linear';
  const output = withChannelsLast(layer, inputs, (x, gamma, beta) => {
    const options = { epsilon: layer.epsilon, activation } as const;
    const { y, mean, variance } = batchNormTraining(x, gamma, beta, options);
    const share = statisticsShare(layer.momentum);
    move(layer.movingMean, mean, share);
    move(layer.movingVariance, variance, share);
    return y;
  });
  if (activation === 'relu') rectified.add(output);
  return output;
}

function normaliseByMovingStatistics(layer: StockBatchNormalization, inputs: tf.Tensor): tf.Tensor {
  return withChannelsLast(layer, inputs, (x, gamma, beta) => {
    const [mean, variance] = [layer.movingMean, layer.movingVariance].map(
      (moving) => moving.read() as tf.Tensor1D,
    );
    // Without `gamma` and `beta` the operation has no gradient.
    return tf.batchNorm(x, mean, variance, beta, gamma, layer.epsilon);
  });
}

function withChannelsLast(
  layer: StockBatchNormalization,
  inputs: tf.Tensor,
  normalise: (x: tf.Tensor, gamma: tf.Tensor1D, beta: tf.Tensor1D) => tf.Tensor,
): tf.Tensor {
  return tf.tidy(() => {
    const x = tf.cast(inputs, 'float32');
    const axis = layer.axis < 0 ? layer.axis + x.rank : layer.axis;
    const channels = x.shape[axis];
    const gamma = layer.gamma?.read() ?? tf.ones([channels]);
    const beta = layer.beta?.read() ?? tf.zeros([channels]);
    const y = normalise(moveAxis(x, axis, x.rank - 1), gamma as tf.Tensor1D, beta as tf.Tensor1D);
    return moveAxis(y, x.rank - 1, axis);
  });
}

function move(moving: StockBatchNormalization['movingMean'], value: tf.Tensor, share: tf.Scalar): void {
  const before = moving.read();
  moving.write(sub(before, mul(sub(before, value), share)));
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

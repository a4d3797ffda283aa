import * as tf from '@tensorflow/tfjs';
import { hasStepSeed, stepMask } from '../../ops/dropout-mask';
import { layerNorm } from '../../ops/layer-norm';
import { batchNormCall, isRectified, type BatchNormCall } from './batch-norm-layer';
import { replaceMethod, type Patch } from './patch';
import {
  stockPrototype,
  type StockDropout,
  type StockLayerNormalization,
  type StockReLU,
} from './stock-classes';

type Call = (inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }) => tf.Tensor;
interface Activation {
  apply(x: tf.Tensor): tf.Tensor;
}

/** Makes stock layers call one kernel where they call several. */
export const fastLayers: Patch = () => {
  const undo = [
    replaceMethod(stockPrototype<{ call: BatchNormCall }>('BatchNormalization'), 'call', batchNormCall),
    replaceMethod(
      stockPrototype<{ call: Call }>('LayerNormalization'),
      'call',
      (stock) =>
        function (this: StockLayerNormalization, inputs, kwargs) {
          const [x] = Array.isArray(inputs) ? inputs : [inputs];
          const isLast = this.axis.length === 1 && this.axis[0] === x.rank - 1;
          if (!isLast) return stock.call(this as never, inputs, kwargs);
          return tf.tidy(() => {
            const channels = [x.shape[x.rank - 1]];
            const gamma = this.gamma?.read() ?? tf.ones(channels);
            return layerNorm(x, gamma, this.beta?.read() ?? tf.zeros(channels), this.epsilon);
          });
        } as Call,
    ),
    replaceMethod(
      stockPrototype<{ call: Call }>('Dropout'),
      'call',
      (stock) =>
        function (this: StockDropout, inputs, kwargs) {
          const [x] = Array.isArray(inputs) ? inputs : [inputs];
          const { rate, seed } = this;
          const isDrawn = kwargs?.training === true && rate > 0 && rate < 1 && typeof seed === 'number';
          if (!isDrawn || !hasStepSeed()) return stock.call(this as never, inputs, kwargs);
          return tf.tidy(() => tf.mul(x, stepMask(this.getNoiseShape(x) ?? x.shape, 1 - rate, seed)));
        } as Call,
    ),
    replaceMethod(
      stockPrototype<{ call: Call }>('ReLU'),
      'call',
      (stock) =>
        function (this: StockReLU, inputs, kwargs) {
          const [x] = Array.isArray(inputs) ? inputs : [inputs];
          // ReLU and clipping in one.
          if (this.maxValue === 6) return tf.relu6(x);
          if (isRectified(x)) return tf.clone(x);
          return stock.call(this as never, inputs, kwargs);
        } as Call,
    ),
    replaceMethod(
      stockPrototype<Activation>('relu'),
      'apply',
      (stock) =>
        function (this: Activation, x) {
          return isRectified(x) ? tf.clone(x) : stock.call(this, x);
        },
    ),
    replaceMethod(stockPrototype<Activation>('relu6'), 'apply', () => (x) => tf.relu6(x)),
  ];
  return () => undo.forEach((takeBack) => takeBack());
};

import type * as tf from '@tensorflow/tfjs';
import { gelu } from '../../ops/gelu';
import { silu } from '../../ops/silu';
import { replaceMethod, type Patch } from './patch';
import { stockPrototype } from './stock-classes';

interface Activation {
  apply(x: tf.Tensor, alpha?: number): tf.Tensor;
}

/** Gives the activations that tfjs composes, by whatever layer they are used, a derivative in closed form. */
export const fastActivations: Patch = () => {
  const undo = [
    replaceMethod(
      stockPrototype<Activation>('swish'),
      'apply',
      (stock) =>
        function (this: Activation, x, alpha = 1) {
          return alpha === 1 ? silu(x) : stock.call(this, x, alpha);
        },
    ),
    replaceMethod(stockPrototype<Activation>('gelu'), 'apply', () => (x) => gelu(x)),
  ];
  return () => undo.forEach((takeBack) => takeBack());
};

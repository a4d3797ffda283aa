import * as tf from '@tensorflow/tfjs';
import { oneInput } from './one-input';

/** `relu6(x + 3) / 6`: PyTorch's and Keras 3's hard sigmoid. tfjs's activation of that name is another, `0.2 x + 0.5`. */
export function hardSigmoid<T extends tf.Tensor>(x: T): T {
  return tf.tidy(() => tf.mul(tf.relu6(tf.add(x, 3)), 1 / 6) as T);
}

/** `x · relu6(x + 3) / 6`. */
export function hardSwish<T extends tf.Tensor>(x: T): T {
  return tf.tidy(() => tf.mul(x, hardSigmoid(x)) as T);
}

/**
 * Hard swish as a layer: `x · relu6(x + 3) / 6`, element by element, at any shape.
 *
 * Source: Howard et al., "Searching for MobileNetV3", arXiv:1905.02244.
 */
export class HardSwish extends tf.layers.Layer {
  static readonly className = 'HardSwish';

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return hardSwish(oneInput(inputs));
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }
}

tf.serialization.registerClass(HardSwish);

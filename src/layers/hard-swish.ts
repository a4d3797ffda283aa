import * as tf from '@tensorflow/tfjs';
import { hardSwish } from '../ops/hard-swish';
import { checkedArgs, LAYER_OPTIONS, type LayerArgs } from './layer-args';
import { oneInput, oneShape } from './one-input';

/**
 * Hard swish as a layer: `x · relu6(x + 3) / 6`, element by element, at any shape; no weights. It is registered for saving
 * and loading under the class name `HardSwish`.
 *
 * Source: Howard et al., "Searching for MobileNetV3", arXiv:1905.02244.
 */
export class HardSwish extends tf.layers.Layer {
  static readonly className = 'HardSwish';

  constructor(args: LayerArgs = {}) {
    super(checkedArgs('HardSwish', args, LAYER_OPTIONS));
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return hardSwish(oneInput(inputs));
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return oneShape(inputShape);
  }
}

tf.serialization.registerClass(HardSwish);

/**
 * A layer that computes hard swish; of a tensor, {@link hardSwish} does.
 *
 * @example
 * const y = hardSwishLayer().apply(x);
 */
export function hardSwishLayer(args: LayerArgs = {}): HardSwish {
  return new HardSwish(args);
}

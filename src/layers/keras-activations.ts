import * as tf from '@tensorflow/tfjs';
import { hardSigmoid, hardSwish } from '../ops/hard-swish';

/**
 * Keras 3's `hard_silu` as the `activation` of any layer of tfjs, by the name `hardSilu`.
 *
 * @example
 * tf.layers.conv2d({ filters: 8, kernelSize: 1, activation: 'hardSilu' as 'relu' });
 */
export class HardSiluActivation extends tf.serialization.Serializable {
  static readonly className = 'hardSilu';

  apply(x: tf.Tensor): tf.Tensor {
    return hardSwish(x);
  }

  getConfig(): tf.serialization.ConfigDict {
    return {};
  }
}

/**
 * Keras 3's and PyTorch's hard sigmoid, `relu6(x + 3) / 6`, as the `activation` of any layer, by the name `hardSigmoid3`:
 * tfjs's `hardSigmoid` is Keras 2's, of another slope.
 */
export class HardSigmoidActivation extends tf.serialization.Serializable {
  static readonly className = 'hardSigmoid3';

  apply(x: tf.Tensor): tf.Tensor {
    return hardSigmoid(x);
  }

  getConfig(): tf.serialization.ConfigDict {
    return {};
  }
}

tf.serialization.registerClass(HardSiluActivation);
tf.serialization.registerClass(HardSigmoidActivation);

import * as tf from '@tensorflow/tfjs';
import { check } from '../errors';
import { elementType, runTensorflow, TENSORFLOW, type Attribute } from './libtensorflow';
import { gradientDepth } from './native-gradient';

/**
 * The cross-entropy, in natural units, between targets and the softmax of logits, for each row.
 *
 * On the `tensorflow` backend loss and gradient are one operation. The gradient reaches the logits only; there is no
 * second one, as there is none of `tf.logSoftmax`.
 *
 * @param logits `[batch, classes]`, float32
 * @param targets `[batch]`, int32 class indices; or `[batch, classes]`, float32, each row a distribution
 * @returns `[batch]`
 * @throws InvalidArgumentError where shapes or types do not fit
 *
 * @example
 * const loss = tf.mean(softmaxCrossEntropy(logits, tf.tensor1d([3, 0], 'int32')));
 */
export function softmaxCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor1D | tf.Tensor2D): tf.Tensor1D {
  check(logits.rank === 2, 'logits', 'the shape [batch, classes]', logits.shape);
  const [batch, classes] = logits.shape;
  const sparse = targets.rank === 1;
  const expected = sparse ? [batch] : [batch, classes];
  check(tf.util.arraysEqual(targets.shape, expected), 'targets', `the shape [${expected}]`, targets.shape);
  const type = sparse ? 'int32' : 'float32';
  check(targets.dtype === type, 'targets', `${type} for rank ${targets.rank}`, targets.dtype);
  return (mayCallNative() ? nativeLoss(logits, targets) : composedLoss(logits, targets)) as tf.Tensor1D;
}

function composedLoss(logits: tf.Tensor2D, targets: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    // Cast, as oneHot of floats on wasm writes the bits of whole numbers.
    const rows =
      targets.rank === 1 ? tf.cast(tf.oneHot(targets as tf.Tensor1D, logits.shape[1]), 'float32') : targets;
    return tf.neg(tf.sum(tf.mul(rows, tf.logSoftmax(logits)), -1));
  });
}

function nativeLoss(logits: tf.Tensor2D, targets: tf.Tensor): tf.Tensor {
  const sparse = targets.rank === 1;
  const operation = sparse ? 'SparseSoftmaxCrossEntropyWithLogits' : 'SoftmaxCrossEntropyWithLogits';
  const attributes: Record<string, Attribute> = sparse ? { Tlabels: elementType('int32') } : {};
  return tf.customGrad((logits, save) => {
    const [loss, gradient] = runTensorflow(operation, [logits as tf.Tensor, targets], attributes, 2);
    (save as (tensors: tf.Tensor[]) => void)([gradient]);
    return {
      value: loss,
      gradFunc: (dy: tf.Tensor | tf.Tensor[], [saved]: tf.Tensor[]) =>
        tf.mul(tf.expandDims(dy as tf.Tensor, 1), saved),
    };
  })(logits);
}

/**
 * Not where a second derivative will be taken: the gradient that the native call gives is a constant to the tape. That
 * a gradient is recorded within another shows in the depth of tapes.
 */
function mayCallNative(): boolean {
  return tf.getBackend() === TENSORFLOW && gradientDepth() <= 1;
}

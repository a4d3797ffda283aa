import * as tf from '@tensorflow/tfjs';

// So that any convolutional model trains on wasm, which lacks the stock gradient kernels.
import '../backends/register-kernels';
import { CardinalError } from '../errors';
import { softmaxCrossEntropy as lossOfEach } from '../ops/softmax-cross-entropy';
import type { Parameter } from './optimizer';

/** What one forward and backward pass gives; all of it the caller's to dispose. */
export interface Gradients {
  /** The mean loss of the batch, and what regularisers of layers add to it. */
  readonly loss: tf.Scalar;
  /** `[count, classes]` */
  readonly logits: tf.Tensor2D;
  /** By parameter name. */
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
}

/**
 * The loss of a batch in training mode and its gradients. Batch norm normalises by the batch and updates its moving
 * statistics.
 *
 * @param images `[count, height, width, channels]`, normalised
 * @param targets `[count, classes]`, each row a distribution over the classes
 * @throws CardinalError if no parameter has a gradient
 */
export function computeGradients(
  model: tf.LayersModel,
  parameters: readonly Parameter[],
  images: tf.Tensor,
  targets: tf.Tensor2D,
): Gradients {
  let logits: tf.Tensor2D | undefined;
  const { value, grads } = tf.variableGrads(
    () => {
      logits = tf.keep(model.apply(images, { training: true }) as tf.Tensor2D);
      const loss = softmaxCrossEntropy(logits, targets);
      const penalties = model.calculateLosses();
      return penalties.length === 0 ? loss : (tf.addN([loss, ...penalties]) as tf.Scalar);
    },
    parameters.map(({ variable }) => variable),
  );
  const gradients = new Map<string, tf.Tensor>();
  for (const { name, variable } of parameters) {
    const gradient = grads[variable.name];
    if (gradient !== undefined) gradients.set(name, gradient);
  }
  if (logits === undefined) throw new CardinalError('the model was not run');
  return { loss: value, logits, gradients };
}

/**
 * The mean over a batch of the cross-entropy between target distributions and the softmax of logits.
 *
 * @param logits `[count, classes]`
 * @param targets `[count, classes]`
 */
export function softmaxCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => tf.mean(lossOfEach(logits, targets)) as tf.Scalar);
}

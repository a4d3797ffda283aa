import * as tf from '@tensorflow/tfjs';
import {
  BATCH_NORM_RELU_TRAINING,
  BATCH_NORM_TRAINING,
  composedGradient,
  nativeGradient,
  type BatchNormAttrs,
} from './batch-norm-kernels';
import { isDifferentiated, mayCallNative, reluGradient } from './native-gradient';

/** The registered gradients of batch norm, alone and with ReLU. */
export const BATCH_NORM_GRADIENTS: readonly tf.GradConfig[] = [
  {
    kernelName: BATCH_NORM_TRAINING,
    inputsToSave: ['x', 'gamma'],
    outputsToSave: [false, true, true],
    gradFunc: (dys, [x, gamma, mean, variance], attrs) =>
      gradient((dys as tf.Tensor[])[0], { x, gamma, mean, variance }, attrs as BatchNormAttrs),
  },
  {
    kernelName: BATCH_NORM_RELU_TRAINING,
    inputsToSave: ['x', 'gamma'],
    // y shows where ReLU cut; what went into ReLU need not be kept.
    outputsToSave: [true, true, true],
    gradFunc: (dys, [x, gamma, y, mean, variance], attrs) => {
      const dy = reluGradient((dys as tf.Tensor[])[0], y);
      const thunks = gradient(dy, { x, gamma, mean, variance }, attrs as BatchNormAttrs);
      dy.dispose();
      return thunks;
    },
  },
];

/** All three at once, as they share their sums over the batch. */
function gradient(
  dy: tf.Tensor,
  saved: Record<'x' | 'gamma' | 'mean' | 'variance', tf.Tensor>,
  { epsilon }: BatchNormAttrs,
): Record<string, () => tf.Tensor> {
  const [dx, dGamma, dBeta] = mayCallNative()
    ? nativeGradient({ dy, ...saved }, epsilon)
    : tf.tidy(() => {
        // A second derivative has to see that the statistics depend on x.
        const statistics = isDifferentiated() ? tf.moments(saved.x, [0, 1, 2]) : {};
        return composedGradient({ dy, ...saved, ...statistics }, epsilon);
      });
  return { x: () => dx, gamma: () => dGamma, beta: () => dBeta };
}

import * as tf from '@tensorflow/tfjs';
import { BATCH_NORM_GRADIENTS } from '../ops/batch-norm-gradients';
import { batchNormKernels } from '../ops/batch-norm-kernels';
import { BACKENDS } from './register-kernels';

// As in register-kernels: entries in tfjs's tables, nothing computed.
for (const backend of BACKENDS) {
  for (const kernel of batchNormKernels(backend)) tf.registerKernel(kernel);
}
for (const gradient of BATCH_NORM_GRADIENTS) tf.registerGradient(gradient);

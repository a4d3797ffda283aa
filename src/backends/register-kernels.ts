import * as tf from '@tensorflow/tfjs';
import { GROUPED_CONV2D_GRADIENTS } from '../ops/grouped-conv2d-gradients';
import { groupedConv2dKernels } from '../ops/grouped-conv2d-kernels';
import { conv2dBackpropFilterKernel } from './composite/conv2d-backprop-filter';
import { maxPoolGradient } from './composite/max-pool-gradient';
import { depthwiseBackpropFilterKernel, depthwiseBackpropInputKernel } from './composite/depthwise-backprop';
import { mendKernels } from './mended-kernels';

/** Backends that grouped convolution is registered for; none of them needs to be installed. */
export const BACKENDS = ['tensorflow', 'wasm', 'webgl', 'webgpu', 'cpu'] as const;

// Registering adds entries to tfjs's table of kernels and computes nothing, as importing a tfjs backend does. It happens
// once at import, because a loaded model may run before any function of this package is called.
for (const backend of BACKENDS) {
  for (const kernel of groupedConv2dKernels(backend)) {
    // A backend's own kernels may come after ours; set up, they are all there, and tfjs sets them up at each setBackend.
    tf.registerKernel({ ...kernel, setupFunc: () => mendKernels(backend) });
  }
}
for (const gradient of GROUPED_CONV2D_GRADIENTS) tf.registerGradient(gradient);

// tfjs's wasm backend has no gradient kernels for filters: with these three any convolutional model trains there. A
// version of tfjs that brings its own keeps it.
for (const make of [
  conv2dBackpropFilterKernel,
  depthwiseBackpropInputKernel,
  depthwiseBackpropFilterKernel,
]) {
  const kernel = make('wasm');
  if (tf.getKernel(kernel.kernelName, 'wasm') == null) tf.registerKernel(kernel);
}

const stockMaxPoolGradient = tf.getGradient('MaxPool');
tf.unregisterGradient('MaxPool');
tf.registerGradient(maxPoolGradient(stockMaxPoolGradient, 'wasm'));

for (const backend of BACKENDS) mendKernels(backend);

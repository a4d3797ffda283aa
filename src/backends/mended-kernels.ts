import * as tf from '@tensorflow/tfjs';
import { averagePoolGradient } from './average-pool-gradient';
import {
  convolutionOfNothing,
  productOfNothing,
  reductionOfNothing,
  transposeOfNothing,
} from './empty-tensors';
import type { Mend } from './mend';
import { readColumnsOnly, readPixelsOnly } from './libtensorflow-views';
import { numberedPadding } from './wasm/numbered-padding';
import { noticedFailure } from './wasm/noticed-failure';
import { sumInParts } from './webgpu/sum-in-parts';

const CONVOLUTIONS = ['Conv2D', 'DepthwiseConv2dNative', 'FusedConv2D', 'FusedDepthwiseConv2D'];
const FILTER_GRADIENTS = ['Conv2DBackpropFilter', 'DepthwiseConv2dNativeBackpropFilter'];
const INPUT_GRADIENTS = ['Conv2DBackpropInput', 'DepthwiseConv2dNativeBackpropInput'];
const REDUCTIONS = ['Sum', 'Prod', 'Mean', 'Max', 'Min', 'All', 'Any'];

/** The kernels that a backend of tfjs computes wrongly, and what mends each; the last of a kernel's is called first. */
function mendsOf(backendName: string): readonly (readonly [kernelNames: readonly string[], mend: Mend])[] {
  const ofNothing = [
    [...CONVOLUTIONS, ...INPUT_GRADIENTS, ...FILTER_GRADIENTS],
    convolutionOfNothing,
  ] as const;
  if (backendName === 'tensorflow') {
    return [[CONVOLUTIONS, readColumnsOnly], [FILTER_GRADIENTS, readPixelsOnly], ofNothing];
  }
  const everywhere = [ofNothing, [['AvgPoolGrad'], averagePoolGradient]] as const;
  if (backendName === 'webgpu') return [[['AddN'], sumInParts], ...everywhere];
  if (backendName !== 'wasm') return everywhere;
  return [
    [CONVOLUTIONS, noticedFailure],
    [CONVOLUTIONS, numberedPadding],
    [REDUCTIONS, reductionOfNothing],
    [['BatchMatMul', '_FusedMatMul'], productOfNothing],
    [['Transpose'], transposeOfNothing],
    ...everywhere,
  ];
}

const mended = new WeakSet<tf.KernelConfig>();

/**
 * Puts right what a backend's stock kernels compute wrongly, for whoever calls them: stock layers, models that were
 * loaded, and this package. Where the backend has not been loaded yet, nothing happens; a second call does nothing.
 */
export function mendKernels(backendName: string): void {
  const stock = new Map<string, tf.KernelConfig>();
  for (const [kernelNames, mend] of mendsOf(backendName)) {
    for (const kernelName of kernelNames) {
      const config = stock.get(kernelName) ?? tf.getKernel(kernelName, backendName);
      if (config == null || mended.has(config)) continue;
      stock.set(kernelName, { ...config, kernelFunc: mend(kernelName, config.kernelFunc) });
    }
  }
  for (const [kernelName, config] of stock) {
    tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel(config);
    mended.add(config);
  }
}

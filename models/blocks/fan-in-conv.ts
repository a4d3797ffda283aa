import type * as tf from '@tensorflow/tfjs';
import { type ConvOptions, type KernelDistribution, type ModelBuilder } from '../model-builder';

/** A convolution without groups, and the distribution that its kernel is drawn from. */
export interface FanInConvOptions extends Omit<ConvOptions, 'groups' | 'kernel'> {
  distribution: KernelDistribution['shape'];
  /** Deviation of the kernel's elements; He's for the number of inputs to one output by default. */
  deviation?: number;
}

/**
 * As {@link ModelBuilder.conv}, but with initial weights by what one output reads, which some of torchvision's families
 * have. Where no batch norm evens it out, the size of the activations depends on it.
 */
export function fanInConv(
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  name: string,
  { distribution: shape, deviation, ...options }: FanInConvOptions,
): tf.SymbolicTensor {
  const { kernelSize = 3 } = options;
  const fanIn = kernelSize * kernelSize * (x.shape[3] as number);
  return b.conv(x, name, { ...options, kernel: { shape, deviation: deviation ?? Math.sqrt(2 / fanIn) } });
}

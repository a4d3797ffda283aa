import type * as tf from '@tensorflow/tfjs';
import { type ActivationName, type ModelBuilder, type NormOptions } from '../model-builder';
import { inNamedModules } from './conv-norm-activation';

/** An inverted residual block. */
export interface InvertedResidual {
  /** Channels inside the block. Where the input has as many, there is no convolution that expands. */
  readonly hidden: number;
  /** Channels that the block puts out. */
  readonly out: number;
  /** Of the depthwise convolution; 3 by default. */
  readonly kernelSize?: number;
  /** Of the depthwise convolution. */
  readonly stride: number;
  readonly activation: ActivationName;
  readonly norm?: NormOptions;
  /** After the depthwise convolution; none by default. */
  readonly squeezeExcite?: Parameters<ModelBuilder['squeezeExcite']>[2];
  /** Blocks before this one, as a share of all: drop path's rate grows with it. */
  readonly depth: number;
}

/**
 * Where the block's modules are, as torchvision numbers them: each convolution with its norm and activation in a module of
 * its own (`block.0.0`, `block.0.1`), all in one row (`layers.0`, `layers.1`), or the last convolution alone in the row
 * (`conv.0.0`, …, `conv.2`, `conv.3`).
 */
export interface BlockModules {
  readonly prefix: string;
  readonly numbering: 'nested' | 'row' | 'last-in-row';
}

/**
 * Expand by 1x1, filter each channel, project by 1x1 without an activation; `x + f(x)` where the shape stays.
 *
 * Source: Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", arXiv:1801.04381, figure 4d.
 */
export function invertedResidual(
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  name: string,
  block: InvertedResidual,
  { prefix, numbering }: BlockModules,
): tf.SymbolicTensor {
  const { hidden, out, kernelSize = 3, stride, norm, activation, squeezeExcite } = block;
  const channels = x.shape[3] as number;
  let position = 0;
  const names = (last: boolean) => {
    const inRow = numbering === 'row' || (numbering === 'last-in-row' && last);
    const first = position;
    position += inRow ? 3 : 1;
    const place = (part: number) => (inRow ? `${first + part}` : `${first}.${part}`);
    return [0, 1, 2].map((part) => `${name}.${prefix}.${place(part)}`);
  };
  let y = x;
  if (hidden !== channels) {
    y = inNamedModules(b, y, names(false), { filters: hidden, kernelSize: 1, norm, activation });
  }
  const depthwise = { filters: hidden, kernelSize, stride, groups: hidden };
  y = inNamedModules(b, y, names(false), { ...depthwise, norm, activation });
  if (squeezeExcite !== undefined) {
    y = b.squeezeExcite(y, `${name}.${prefix}.${position++}`, squeezeExcite);
  }
  y = inNamedModules(b, y, names(true), { filters: out, kernelSize: 1, norm });
  return residual(b, x, y, name, block);
}

/** `x + y` where the block keeps the shape of `x`, in training without `y` for some images; else `y` alone. */
export function residual(
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  y: tf.SymbolicTensor,
  name: string,
  { stride, out, depth }: Pick<InvertedResidual, 'stride' | 'out' | 'depth'>,
): tf.SymbolicTensor {
  if (stride !== 1 || x.shape[3] !== out) return y;
  return b.add(b.dropPath(y, `${name}.stochastic_depth`, depth), x, `${name}.add`);
}

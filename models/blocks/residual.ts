import type * as tf from '@tensorflow/tfjs';
import { type ModelBuilder } from '../model-builder';

/** The widths and the stride of one residual block. */
export interface ResidualBlock {
  /** Channels inside the block. */
  width: number;
  /** Channels that the block puts out. */
  out: number;
  /** Stride of the 3x3 convolution (the first of a basic block) and of a projection. */
  stride: number;
  /** Groups of a bottleneck's 3x3 convolution. */
  groups?: number;
}

/**
 * Two 3x3 convolutions and a shortcut: `relu(x + f(x))`.
 *
 * Source: He et al., "Deep residual learning for image recognition", arXiv:1512.03385, figure 5 left.
 */
export function basicBlock(
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  name: string,
  block: ResidualBlock,
): tf.SymbolicTensor {
  const { width, out, stride } = block;
  let y = b.norm(b.conv(x, `${name}.conv1`, { filters: width, stride }), `${name}.bn1`);
  y = b.relu(y, `${name}.relu1`);
  y = b.norm(b.conv(y, `${name}.conv2`, { filters: out }), `${name}.bn2`);
  return b.relu(b.add(y, shortcut(b, x, name, block), `${name}.add`), `${name}.relu2`);
}

/**
 * 1x1, 3x3 in groups, 1x1, and a shortcut: `relu(x + f(x))`. The stride is the 3x3 convolution's.
 *
 * Source: Xie et al., "Aggregated residual transformations for deep neural networks", arXiv:1611.05431, figure 3c.
 */
export function bottleneck(
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  name: string,
  block: ResidualBlock,
): tf.SymbolicTensor {
  const { width, out, stride, groups = 1 } = block;
  let y = b.norm(b.conv(x, `${name}.conv1`, { filters: width, kernelSize: 1 }), `${name}.bn1`);
  y = b.relu(y, `${name}.relu1`);
  y = b.norm(b.conv(y, `${name}.conv2`, { filters: width, stride, groups }), `${name}.bn2`);
  y = b.relu(y, `${name}.relu2`);
  y = b.norm(b.conv(y, `${name}.conv3`, { filters: out, kernelSize: 1 }), `${name}.bn3`);
  return b.relu(b.add(y, shortcut(b, x, name, block), `${name}.add`), `${name}.relu3`);
}

/** `x` itself where the block keeps its shape; otherwise a 1x1 convolution that brings it to the new one. */
function shortcut(
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  name: string,
  block: ResidualBlock,
): tf.SymbolicTensor {
  if (block.stride === 1 && x.shape[3] === block.out) return x;
  const projected = b.conv(x, `${name}.downsample.0`, {
    filters: block.out,
    kernelSize: 1,
    stride: block.stride,
  });
  return b.norm(projected, `${name}.downsample.1`);
}

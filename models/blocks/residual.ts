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
  /** Channels that a bottleneck's squeeze and excitation squeezes into; without them it has none. */
  squeezeChannels?: number;
  /** Where in the network the block stands, from 0 for the first to 1 for the last; 0 by default. */
  depth?: number;
}

/** One residual block of a kind, whose layers' names begin with `name`. */
export type ResidualBlockBuilder = (
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  name: string,
  block: ResidualBlock,
) => tf.SymbolicTensor;

/**
 * Two 3x3 convolutions and a shortcut: `relu(x + f(x))`.
 *
 * Source: He et al., "Deep residual learning for image recognition", arXiv:1512.03385, figure 5 left.
 */
export const basicBlock: ResidualBlockBuilder = (b, x, name, block) => {
  const { width, out, stride } = block;
  let y = b.norm(b.conv(x, `${name}.conv1`, { filters: width, stride }), `${name}.bn1`);
  y = b.relu(y, `${name}.relu1`);
  y = b.norm(b.conv(y, `${name}.conv2`, { filters: out }), `${name}.bn2`);
  return b.relu(addShortcut(b, y, x, name, block), `${name}.relu2`);
};

/**
 * 1x1, 3x3 in groups, 1x1, and a shortcut: `relu(x + f(x))`. The stride is the 3x3 convolution's.
 *
 * Source: Xie et al., "Aggregated residual transformations for deep neural networks", arXiv:1611.05431, figure 3c;
 * with squeeze and excitation at the end of the branch, Hu et al., arXiv:1709.01507, figure 3.
 */
export const bottleneck: ResidualBlockBuilder = (b, x, name, block) => {
  const { width, out, stride, groups = 1, squeezeChannels } = block;
  let y = b.norm(b.conv(x, `${name}.conv1`, { filters: width, kernelSize: 1 }), `${name}.bn1`);
  y = b.relu(y, `${name}.relu1`);
  y = b.norm(b.conv(y, `${name}.conv2`, { filters: width, stride, groups }), `${name}.bn2`);
  y = b.relu(y, `${name}.relu2`);
  y = b.norm(b.conv(y, `${name}.conv3`, { filters: out, kernelSize: 1 }), `${name}.bn3`);
  if (squeezeChannels !== undefined) y = b.squeezeExcite(y, `${name}.se`, { squeezeChannels });
  return b.relu(addShortcut(b, y, x, name, block), `${name}.relu3`);
};

/** The branch `y`, which may be dropped in training, plus what the shortcut makes of the block's input. */
function addShortcut(
  b: ModelBuilder,
  y: tf.SymbolicTensor,
  x: tf.SymbolicTensor,
  name: string,
  block: ResidualBlock,
): tf.SymbolicTensor {
  const branch = b.dropPath(y, `${name}.drop_path`, block.depth ?? 0);
  return b.add(branch, shortcut(b, x, name, block), `${name}.add`);
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

import type * as tf from '@tensorflow/tfjs';
import { type ModelBuilder } from '../model-builder';
import { blockDepth } from './block-depth';
import { type ResidualBlockBuilder } from './residual';

/** What comes before the first block: a convolution, batch norm and ReLU, and for large images a pooling. */
export interface ResidualStem {
  readonly filters: number;
  readonly kernelSize: number;
  readonly stride: number;
  /** Whether a 3x3 max pooling of stride 2 follows. */
  readonly pool: boolean;
}

/** For images of 224x224: a quarter of the height and width is left. */
export const IMAGENET_STEM: ResidualStem = { filters: 64, kernelSize: 7, stride: 2, pool: true };

/** For images of 32x32: the resolution stays. */
export const CIFAR_STEM: ResidualStem = { filters: 64, kernelSize: 3, stride: 1, pool: false };

/** A network of residual blocks. Each stage after the first halves height and width and doubles all channels. */
export interface ResidualNetwork {
  readonly stem: ResidualStem;
  readonly block: ResidualBlockBuilder;
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  /** Channels inside the blocks of the first stage; all groups together. */
  readonly width: number;
  /** Channels that the first stage puts out. */
  readonly out: number;
  /** Groups of the 3x3 convolution of a bottleneck: its cardinality. 1 by default. */
  readonly groups?: number;
  /** A block's output channels over those that its squeeze and excitation squeezes into; none by default. */
  readonly squeezeReduction?: number;
}

/**
 * The logits of a residual network, with the module names of torchvision's `ResNet`. Stages are marked as features, and
 * so is the stem.
 *
 * @example
 * build: (b, variant) => residualNetwork(b, { ...variant, block: bottleneck, width: 64, out: 256 })
 */
export function residualNetwork(b: ModelBuilder, network: ResidualNetwork): tf.SymbolicTensor {
  const { stem, block, depths, width, out, groups, squeezeReduction } = network;
  const { filters, kernelSize, stride: stemStride } = stem;
  let x = b.norm(b.conv(b.image, 'conv1', { filters, kernelSize, stride: stemStride }), 'bn1');
  x = b.feature(b.relu(x, 'relu'), 'relu');
  if (stem.pool) x = b.maxPool(x, 'maxpool');
  let position = 0;
  depths.forEach((depth, stage) => {
    const scale = 2 ** stage;
    const outOfStage = out * scale;
    for (let index = 0; index < depth; index++) {
      x = block(b, x, `layer${stage + 1}.${index}`, {
        width: width * scale,
        out: outOfStage,
        stride: stage > 0 && index === 0 ? 2 : 1,
        groups,
        squeezeChannels: squeezeReduction === undefined ? undefined : outOfStage / squeezeReduction,
        depth: blockDepth(position++, depths),
      });
    }
    b.feature(x, `layer${stage + 1}`);
  });
  return b.classifier(x, 'fc');
}

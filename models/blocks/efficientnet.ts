import type * as tf from '@tensorflow/tfjs';
import { type ModelBuilder, type NormOptions } from '../model-builder';
import { convNormActivation } from './conv-norm-activation';
import { invertedResidual, residual } from './inverted-residual';
import { roundChannels } from './round-channels';

/** A stage of an EfficientNet: like blocks one after the other. */
export interface EfficientNetStage {
  /** `mbConv` is an inverted residual with squeeze and excitation; `fused` has one dense convolution for its first two. */
  readonly block: 'mbConv' | 'fused';
  /** Channels inside a block for each that comes in. */
  readonly expansion: number;
  readonly kernelSize: number;
  /** Of the first block. */
  readonly stride: number;
  readonly out: number;
  /** Blocks. */
  readonly depth: number;
}

/** What the EfficientNets of either version are told apart by. */
export interface EfficientNet {
  /** Channels of the stem, and its stride. */
  readonly stem: readonly [filters: number, stride: number];
  readonly stages: readonly EfficientNetStage[];
  /** Channels of the last convolution. */
  readonly head: number;
  readonly norm: NormOptions;
}

interface Block extends EfficientNetStage {
  /** Blocks before this one, as a share of all. */
  readonly place: number;
}

const activation = 'silu';

/**
 * The logits of an EfficientNet of either version.
 *
 * Sources: Tan and Le, "EfficientNet", arXiv:1905.11946, and "EfficientNetV2", arXiv:2104.00298.
 */
export function efficientNet(
  b: ModelBuilder,
  { stem: [filters, stride], stages, head, norm }: EfficientNet,
): tf.SymbolicTensor {
  let x = convNormActivation(b, b.image, 'features.0', { filters, stride, norm, activation });
  const total = stages.reduce((sum, { depth }) => sum + depth, 0);
  let done = 0;
  stages.forEach((stage, stageIndex) => {
    const name = `features.${stageIndex + 1}`;
    const build = stage.block === 'fused' ? fusedMbConv : mbConv;
    for (let index = 0; index < stage.depth; index++) {
      const block = { ...stage, stride: index === 0 ? stage.stride : 1, place: done++ / total };
      x = build(b, x, `${name}.${index}`, block, norm);
    }
    if (stages[stageIndex + 1]?.stride !== 1) b.feature(x, name);
  });
  const last = `features.${stages.length + 1}`;
  x = convNormActivation(b, x, last, { filters: head, kernelSize: 1, norm, activation });
  return b.classifier(x, 'classifier.1', 'classifier.0');
}

/** An inverted residual whose gate squeezes to a quarter of the channels that come in, not of those inside. */
function mbConv(b: ModelBuilder, x: tf.SymbolicTensor, name: string, block: Block, norm: NormOptions) {
  const channels = x.shape[3] as number;
  return invertedResidual(
    b,
    x,
    name,
    {
      hidden: roundChannels(channels * block.expansion),
      out: block.out,
      kernelSize: block.kernelSize,
      stride: block.stride,
      activation,
      norm,
      squeezeExcite: { squeezeChannels: Math.max(1, Math.floor(channels / 4)), activation: 'silu' },
      depth: block.place,
    },
    { prefix: 'block', numbering: 'nested' },
  );
}

/** One convolution that expands and filters, and a 1x1 one that projects; the first alone where nothing expands. */
function fusedMbConv(b: ModelBuilder, x: tf.SymbolicTensor, name: string, block: Block, norm: NormOptions) {
  const { kernelSize, stride, out, expansion } = block;
  const expands = expansion !== 1;
  const filters = expands ? roundChannels((x.shape[3] as number) * expansion) : out;
  let y = convNormActivation(b, x, `${name}.block.0`, { filters, kernelSize, stride, norm, activation });
  if (expands) y = convNormActivation(b, y, `${name}.block.1`, { filters: out, kernelSize: 1, norm });
  return residual(b, x, y, name, { stride, out, depth: block.place });
}

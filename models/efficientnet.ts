import { type EfficientNetStage, efficientNet } from './blocks/efficientnet';
import { roundChannels } from './blocks/round-channels';
import { CIFAR, defineFamily, IMAGENET, type VariantDefaults } from './family';

interface Scaled extends VariantDefaults {
  /** Multiplies all channels. */
  readonly width: number;
  /** Multiplies the blocks of each stage. */
  readonly depth: number;
  readonly stemStride: number;
  readonly stages: readonly EfficientNetStage[];
}

const STAGES: readonly EfficientNetStage[] = [
  { block: 'mbConv', expansion: 1, kernelSize: 3, stride: 1, out: 16, depth: 1 },
  { block: 'mbConv', expansion: 6, kernelSize: 3, stride: 2, out: 24, depth: 2 },
  { block: 'mbConv', expansion: 6, kernelSize: 5, stride: 2, out: 40, depth: 2 },
  { block: 'mbConv', expansion: 6, kernelSize: 3, stride: 2, out: 80, depth: 3 },
  { block: 'mbConv', expansion: 6, kernelSize: 5, stride: 1, out: 112, depth: 3 },
  { block: 'mbConv', expansion: 6, kernelSize: 5, stride: 2, out: 192, depth: 4 },
  { block: 'mbConv', expansion: 6, kernelSize: 3, stride: 1, out: 320, depth: 1 },
];

const BASE = { ...IMAGENET, width: 1, depth: 1, stemStride: 2, stages: STAGES };

const EFFICIENTNET_B0_CIFAR: Scaled = {
  ...BASE,
  ...CIFAR,
  // Two halvings fewer: 32x32 images end at 4x4.
  stemStride: 1,
  stages: STAGES.map((stage) => ({ ...stage, stride: stage.out === 24 ? 1 : stage.stride })),
};

export const efficientnet = defineFamily({
  title: 'EfficientNet',
  takesPadType: true,
  paper:
    'Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks", arXiv:1905.11946',
  variants: {
    efficientnet_b0: { ...BASE, interpolation: 'bicubic' } as Scaled,
    efficientnet_b1: { ...BASE, depth: 1.1, crop: { resize: 255, size: 240 } },
    efficientnet_b0_cifar: EFFICIENTNET_B0_CIFAR,
  },
  build(b, { width, depth, stemStride, stages }) {
    const scaled = stages.map((stage) => ({
      ...stage,
      out: roundChannels(stage.out * width),
      depth: Math.ceil(stage.depth * depth),
    }));
    return efficientNet(b, {
      stem: [roundChannels(32 * width), stemStride],
      stages: scaled,
      head: 4 * scaled[scaled.length - 1].out,
      norm: {},
    });
  },
});

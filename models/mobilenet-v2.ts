import { convNormActivation } from './blocks/conv-norm-activation';
import { invertedResidual } from './blocks/inverted-residual';
import { roundChannels } from './blocks/round-channels';
import { CIFAR, defineFamily, IMAGENET, type VariantDefaults, IMAGENET_CROPPED_LESS } from './family';

interface Stage {
  readonly expansion: number;
  readonly out: number;
  /** Blocks. */
  readonly depth: number;
  /** Of the first block. */
  readonly stride: number;
}

interface MobileNetV2 extends VariantDefaults {
  readonly stemStride: number;
  /** Multiplies all channels, those of the head only upwards. */
  readonly width: number;
  readonly stages: readonly Stage[];
  /** Channels of the last convolution. */
  readonly head: number;
}

const STAGES: readonly Stage[] = [
  { expansion: 1, out: 16, depth: 1, stride: 1 },
  { expansion: 6, out: 24, depth: 2, stride: 2 },
  { expansion: 6, out: 32, depth: 3, stride: 2 },
  { expansion: 6, out: 64, depth: 4, stride: 2 },
  { expansion: 6, out: 96, depth: 3, stride: 1 },
  { expansion: 6, out: 160, depth: 3, stride: 2 },
  { expansion: 6, out: 320, depth: 1, stride: 1 },
];

const FULL: MobileNetV2 = { ...IMAGENET, stemStride: 2, width: 1, stages: STAGES, head: 1280 };

const MOBILENET_V2_CIFAR: MobileNetV2 = {
  ...CIFAR,
  // Two halvings fewer than for ImageNet: the stem and the 24-channel stage keep the resolution.
  stemStride: 1,
  width: 1,
  stages: STAGES.map((stage) => ({ ...stage, stride: stage.out === 24 ? 1 : stage.stride })),
  head: 1280,
};

const MOBILENET_V2_TOY: MobileNetV2 = {
  ...CIFAR,
  stemStride: 2,
  width: 1,
  stages: [
    { expansion: 1, out: 16, depth: 1, stride: 1 },
    { expansion: 6, out: 24, depth: 1, stride: 1 },
    { expansion: 6, out: 32, depth: 3, stride: 2 },
    { expansion: 6, out: 64, depth: 2, stride: 2 },
  ],
  head: 256,
};

export const mobilenetV2 = defineFamily({
  title: 'MobileNet V2',
  takesPadType: true,
  paper: 'Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", arXiv:1801.04381',
  variants: {
    mobilenet_v2_x0_5: { ...FULL, width: 0.5, source: 'paper' },
    mobilenet_v2_x0_75: { ...FULL, width: 0.75, source: 'paper' },
    mobilenet_v2: { ...FULL, ...IMAGENET_CROPPED_LESS },
    mobilenet_v2_x1_4: { ...FULL, width: 1.4, source: 'paper' },
    mobilenet_v2_cifar: MOBILENET_V2_CIFAR,
    mobilenet_v2_toy: MOBILENET_V2_TOY,
  },
  build(b, { stemStride, width, stages, head: headChannels }) {
    const activation = 'relu6';
    const stem = { filters: roundChannels(32 * width), stride: stemStride, activation } as const;
    let x = convNormActivation(b, b.image, 'features.0', stem);
    const blocks = stages.flatMap((stage) =>
      Array.from({ length: stage.depth }, (_, index) => ({
        ...stage,
        stride: index === 0 ? stage.stride : 1,
      })),
    );
    blocks.forEach(({ expansion, out, stride }, index) => {
      const block = {
        hidden: (x.shape[3] as number) * expansion,
        out: roundChannels(out * width),
        stride,
        activation,
        depth: index / blocks.length,
      } as const;
      const modules = { prefix: 'conv', numbering: 'last-in-row' } as const;
      x = invertedResidual(b, x, `features.${index + 1}`, block, modules);
      if (blocks[index + 1]?.stride !== 1) b.feature(x, `features.${index + 1}`);
    });
    const head = {
      filters: roundChannels(headChannels * Math.max(1, width)),
      kernelSize: 1,
      activation,
    } as const;
    x = convNormActivation(b, x, `features.${blocks.length + 1}`, head);
    return b.classifier(x, 'classifier.1', 'classifier.0');
  },
});

import { convNormActivation } from './blocks/conv-norm-activation';
import { invertedResidual } from './blocks/inverted-residual';
import { roundChannels } from './blocks/round-channels';
import { CIFAR, defineFamily, IMAGENET, type VariantDefaults, IMAGENET_CROPPED_LESS } from './family';
import { type ActivationName } from './model-builder';

interface Block {
  readonly kernelSize: number;
  readonly hidden: number;
  readonly out: number;
  readonly squeeze: boolean;
  readonly activation: ActivationName;
  readonly stride: number;
}

interface MobileNetV3 extends VariantDefaults {
  readonly stemStride: number;
  readonly blocks: readonly Block[];
  /** Features of the classifier's first layer. */
  readonly features: number;
  /** Multiplies all channels. */
  readonly width: number;
}

/** One row of the paper's tables 1 and 2: SE is squeeze and excitation, RE ReLU, HS hard swish. */
function row(
  kernelSize: number,
  hidden: number,
  out: number,
  squeeze: 'SE' | '-',
  activation: 'RE' | 'HS',
  stride: number,
): Block {
  const names = { RE: 'relu', HS: 'hardSwish' } as const;
  return { kernelSize, hidden, out, squeeze: squeeze === 'SE', activation: names[activation], stride };
}

const LARGE: MobileNetV3 = {
  ...IMAGENET,
  stemStride: 2,
  blocks: [
    row(3, 16, 16, '-', 'RE', 1),
    row(3, 64, 24, '-', 'RE', 2),
    row(3, 72, 24, '-', 'RE', 1),
    row(5, 72, 40, 'SE', 'RE', 2),
    row(5, 120, 40, 'SE', 'RE', 1),
    row(5, 120, 40, 'SE', 'RE', 1),
    row(3, 240, 80, '-', 'HS', 2),
    row(3, 200, 80, '-', 'HS', 1),
    row(3, 184, 80, '-', 'HS', 1),
    row(3, 184, 80, '-', 'HS', 1),
    row(3, 480, 112, 'SE', 'HS', 1),
    row(3, 672, 112, 'SE', 'HS', 1),
    row(5, 672, 160, 'SE', 'HS', 2),
    row(5, 960, 160, 'SE', 'HS', 1),
    row(5, 960, 160, 'SE', 'HS', 1),
  ],
  features: 1280,
  width: 1,
};

const SMALL: MobileNetV3 = {
  ...IMAGENET,
  stemStride: 2,
  blocks: [
    row(3, 16, 16, 'SE', 'RE', 2),
    row(3, 72, 24, '-', 'RE', 2),
    row(3, 88, 24, '-', 'RE', 1),
    row(5, 96, 40, 'SE', 'HS', 2),
    row(5, 240, 40, 'SE', 'HS', 1),
    row(5, 240, 40, 'SE', 'HS', 1),
    row(5, 120, 48, 'SE', 'HS', 1),
    row(5, 144, 48, 'SE', 'HS', 1),
    row(5, 288, 96, 'SE', 'HS', 2),
    row(5, 576, 96, 'SE', 'HS', 1),
    row(5, 576, 96, 'SE', 'HS', 1),
  ],
  features: 1024,
  width: 1,
};

const TOY: MobileNetV3 = {
  ...CIFAR,
  stemStride: 2,
  blocks: [
    row(3, 16, 16, 'SE', 'RE', 1),
    row(3, 72, 24, '-', 'RE', 1),
    row(3, 88, 24, '-', 'RE', 1),
    row(3, 88, 24, '-', 'RE', 1),
    row(5, 96, 40, 'SE', 'HS', 2),
    row(5, 120, 40, 'SE', 'HS', 1),
    row(5, 120, 48, 'SE', 'HS', 2),
    row(5, 144, 48, 'SE', 'HS', 1),
  ],
  features: 64,
  width: 1,
};

/** Two halvings fewer, the stem's and the first block's that has one: 32x32 images end at 4x4. */
function forCifar(variant: MobileNetV3): MobileNetV3 {
  const first = variant.blocks.findIndex(({ stride }) => stride === 2);
  const blocks = variant.blocks.map((block, index) => (index === first ? { ...block, stride: 1 } : block));
  return { ...variant, ...CIFAR, stemStride: 1, blocks };
}

export const mobilenetV3 = defineFamily({
  title: 'MobileNet V3',
  takesPadType: true,
  paper: 'Howard et al., "Searching for MobileNetV3", arXiv:1905.02244',
  variants: {
    mobilenet_v3_small_x0_75: { ...SMALL, width: 0.75, source: 'paper' },
    mobilenet_v3_small: SMALL,
    mobilenet_v3_small_cifar: forCifar(SMALL),
    mobilenet_v3_large_x0_75: { ...LARGE, width: 0.75, source: 'paper' },
    mobilenet_v3_large: { ...LARGE, ...IMAGENET_CROPPED_LESS } as MobileNetV3,
    mobilenet_v3_large_cifar: forCifar(LARGE),
    mobilenet_v3_toy: TOY,
  },
  build(b, { stemStride, blocks, features, width }) {
    const norm = { epsilon: 1e-3, momentum: 0.99 };
    const activation = 'hardSwish';
    const stem = { filters: roundChannels(16 * width), stride: stemStride, norm, activation } as const;
    let x = convNormActivation(b, b.image, 'features.0', stem);
    blocks.forEach((block, index) => {
      if (block.stride === 2) b.feature(x, `features.${index}`);
      const hidden = roundChannels(block.hidden * width);
      x = invertedResidual(
        b,
        x,
        `features.${index + 1}`,
        {
          hidden,
          out: roundChannels(block.out * width),
          kernelSize: block.kernelSize,
          stride: block.stride,
          activation: block.activation,
          norm,
          squeezeExcite: block.squeeze
            ? { squeezeChannels: roundChannels(Math.floor(hidden / 4)), gate: 'hardSigmoid' }
            : undefined,
          depth: index / blocks.length,
        },
        { prefix: 'block', numbering: 'nested' },
      );
    });
    const last = `features.${blocks.length + 1}`;
    x = convNormActivation(b, x, last, {
      filters: 6 * (x.shape[3] as number),
      kernelSize: 1,
      norm,
      activation,
    });
    x = b.linear(b.globalPool(b.feature(x, last)), 'classifier.0', {
      units: roundChannels(features * width),
    });
    x = b.activation(x, 'classifier.1', activation);
    return b.linear(b.dropout(x, 'classifier.2'), 'classifier.3');
  },
});

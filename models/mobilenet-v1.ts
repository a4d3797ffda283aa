import { check } from '../src/errors';
import { CIFAR, defineFamily, IMAGENET, type VariantDefaults } from './family';
import { type ActivationName } from './model-builder';

interface MobileNetV1 extends VariantDefaults {
  /** Channels of the stem, and its stride. */
  readonly stem: readonly [filters: number, stride: number];
  /** Channels of each depthwise separable block. Each stage but the first begins with a stride of 2. */
  readonly stages: readonly (readonly number[])[];
  /** Channels that the first block puts out; all others keep their ratio to them as in `stages`. */
  readonly width: number;
  /** The paper says ReLU, its authors' code, Keras and timm ReLU6. */
  readonly activation: ActivationName;
}

const STAGES = [[64], [128, 128], [256, 256], [512, 512, 512, 512, 512, 512], [1024, 1024]];

const FULL: MobileNetV1 = {
  ...IMAGENET,
  stem: [32, 2],
  stages: STAGES,
  width: 64,
  activation: 'relu6',
  source: 'timm',
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
};

const MOBILENET_V1_CIFAR: MobileNetV1 = {
  ...CIFAR,
  stem: [32, 1],
  stages: STAGES,
  width: 64,
  activation: 'relu6',
};

const MOBILENET_TOY: MobileNetV1 = {
  ...CIFAR,
  stem: [32, 2],
  stages: [[64], [128, 128], [256]],
  width: 64,
  activation: 'relu',
};

export const mobilenetV1 = defineFamily({
  title: 'MobileNet V1',
  takesPadType: true,
  paper:
    'Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision applications", arXiv:1704.04861',
  variants: {
    mobilenet_v1_x0_25: { ...FULL, width: 16, source: 'Keras' } as MobileNetV1,
    mobilenet_v1_x0_5: { ...FULL, width: 32, source: 'Keras' } as MobileNetV1,
    mobilenet_v1_x0_75: { ...FULL, width: 48, source: 'Keras' } as MobileNetV1,
    mobilenet_v1: FULL,
    mobilenet_v1_cifar: MOBILENET_V1_CIFAR,
    mobilenet_toy: MOBILENET_TOY,
  },
  options: {
    names: ['width'],
    check({ width }) {
      // The stem has half as many channels as the first block puts out.
      const nearest = width === 1 ? '2' : `${width - 1} or ${width + 1}`;
      check(width % 2 === 0, 'width', `an even number (${nearest})`, width);
    },
  },
  build(b, { stem: [filters, stemStride], stages, width, activation }) {
    const multiplier = width / stages[0][0];
    let x = b.conv(b.image, 'conv_stem', { filters: filters * multiplier, stride: stemStride });
    x = b.activation(b.norm(x, 'bn1'), 'act1', activation);
    stages.forEach((stage, stageIndex) => {
      stage.forEach((out, index) => {
        const name = `blocks.${stageIndex}.${index}`;
        const channels = x.shape[3] as number;
        const stride = stageIndex > 0 && index === 0 ? 2 : 1;
        x = b.conv(x, `${name}.conv_dw`, { filters: channels, stride, groups: channels });
        x = b.activation(b.norm(x, `${name}.bn1`), `${name}.act1`, activation);
        x = b.conv(x, `${name}.conv_pw`, { filters: out * multiplier, kernelSize: 1 });
        x = b.activation(b.norm(x, `${name}.bn2`), `${name}.act2`, activation);
      });
      b.feature(x, `blocks.${stageIndex}`);
    });
    return b.classifier(x, 'classifier');
  },
});

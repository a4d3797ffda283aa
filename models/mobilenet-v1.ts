import { CIFAR, defineFamily, type VariantDefaults } from './family';

interface MobileNetV1 extends VariantDefaults {
  /** Channels of the stem, and its stride. */
  readonly stem: readonly [filters: number, stride: number];
  /** Channels and stride of each depthwise separable block. */
  readonly blocks: readonly (readonly [out: number, stride: number])[];
  /** The paper says ReLU, its authors' code and Keras ReLU6. */
  readonly activation: 'relu' | 'relu6';
}

const MOBILENET_V1_CIFAR: MobileNetV1 = {
  ...CIFAR,
  stem: [32, 1],
  // prettier-ignore
  blocks: [
    [64, 1], [128, 2], [128, 1], [256, 2], [256, 1],
    [512, 2], [512, 1], [512, 1], [512, 1], [512, 1], [512, 1], [1024, 2], [1024, 1],
  ],
  activation: 'relu6',
};

const MOBILENET_TOY: MobileNetV1 = {
  ...CIFAR,
  stem: [32, 2],
  // prettier-ignore
  blocks: [[64, 1], [128, 2], [128, 1], [256, 2]],
  activation: 'relu',
};

export const mobilenetV1 = defineFamily({
  title: 'MobileNet V1',
  paper:
    'Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision applications", arXiv:1704.04861',
  variants: { mobilenet_v1_cifar: MOBILENET_V1_CIFAR, mobilenet_toy: MOBILENET_TOY },
  build(b, { stem: [filters, stemStride], blocks, activation }) {
    const act = (x: Parameters<typeof b.relu>[0], name: string) => b[activation](x, name);
    let x = act(b.norm(b.conv(b.image, 'conv1', { filters, stride: stemStride }), 'bn1'), 'act1');
    blocks.forEach(([out, stride], index) => {
      const name = `blocks.${index}`;
      const channels = x.shape[3] as number;
      x = b.norm(
        b.conv(x, `${name}.conv_dw`, { filters: channels, stride, groups: channels }),
        `${name}.bn1`,
      );
      x = act(x, `${name}.act1`);
      x = b.norm(b.conv(x, `${name}.conv_pw`, { filters: out, kernelSize: 1 }), `${name}.bn2`);
      x = act(x, `${name}.act2`);
    });
    return b.classifier(x, 'fc');
  },
});

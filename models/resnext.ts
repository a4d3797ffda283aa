import { GROUPS_AND_WIDTH } from './blocks/grouped-width';
import { CIFAR_STEM, IMAGENET_STEM, type ResidualNetwork, residualNetwork } from './blocks/residual-network';
import { bottleneck } from './blocks/residual';
import { CIFAR, type VariantDefaults, defineFamily, IMAGENET_CROPPED_LESS } from './family';

type ResNeXt = VariantDefaults & ResidualNetwork;

const DEPTHS_50 = [3, 4, 6, 3];
const DEPTHS_101 = [3, 4, 23, 3];

/** `cardinality x groupWidth d`: groups of the first stage's 3x3 convolutions, and channels of each. */
function cardinal(cardinality: number, groupWidth: number) {
  return { block: bottleneck, width: cardinality * groupWidth, out: 256, groups: cardinality };
}

const RESNEXT50_32X4D = { depths: DEPTHS_50, ...cardinal(32, 4) };
const LARGE = { ...IMAGENET_CROPPED_LESS, stem: IMAGENET_STEM };

export const resnext = defineFamily({
  title: 'ResNeXt',
  paper: 'Xie et al., "Aggregated residual transformations for deep neural networks", arXiv:1611.05431',
  variants: {
    resnext50_32x4d: { ...LARGE, ...RESNEXT50_32X4D, denseTwin: 'wide_resnet50_2' } as ResNeXt,
    // Without dense twins: torchvision has no ResNet-101 of width 256.
    resnext101_32x8d: { ...LARGE, depths: DEPTHS_101, ...cardinal(32, 8) },
    resnext101_64x4d: { ...LARGE, depths: DEPTHS_101, ...cardinal(64, 4) },
    resnext50_32x4d_cifar: {
      ...CIFAR,
      ...RESNEXT50_32X4D,
      stem: CIFAR_STEM,
      denseTwin: 'wide_resnet50_2_cifar',
    },
  },
  options: GROUPS_AND_WIDTH,
  build: residualNetwork,
});

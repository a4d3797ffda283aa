import { CIFAR_STEM, IMAGENET_STEM, type ResidualNetwork, residualNetwork } from './blocks/residual-network';
import { basicBlock, bottleneck } from './blocks/residual';
import { CIFAR, IMAGENET, defineFamily, IMAGENET_CROPPED_LESS } from './family';

type Body = Omit<ResidualNetwork, 'stem'>;

const RESNET18: Body = { block: basicBlock, depths: [2, 2, 2, 2], width: 64, out: 64 };

/** The 50-layer network, whose bottlenecks are `widening` times as wide inside. */
function resnet50(widening: number): Body {
  return { block: bottleneck, depths: [3, 4, 6, 3], width: 64 * widening, out: 256 };
}

export const resnet = defineFamily({
  title: 'ResNet',
  paper: 'He et al., "Deep residual learning for image recognition", arXiv:1512.03385',
  variants: {
    resnet18: { ...IMAGENET, stem: IMAGENET_STEM, ...RESNET18 },
    resnet50: { ...IMAGENET_CROPPED_LESS, stem: IMAGENET_STEM, ...resnet50(1) },
    // Zagoruyko and Komodakis, "Wide residual networks", arXiv:1605.07146, section 3.4.
    wide_resnet50_2: { ...IMAGENET_CROPPED_LESS, stem: IMAGENET_STEM, ...resnet50(2) },
    resnet18_cifar: { ...CIFAR, stem: CIFAR_STEM, ...RESNET18 },
    resnet50_cifar: { ...CIFAR, stem: CIFAR_STEM, ...resnet50(1) },
    wide_resnet50_2_cifar: { ...CIFAR, stem: CIFAR_STEM, ...resnet50(2) },
  },
  build: residualNetwork,
});

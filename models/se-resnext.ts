import { GROUPS_AND_WIDTH } from './blocks/grouped-width';
import { IMAGENET_STEM, type ResidualNetwork, residualNetwork } from './blocks/residual-network';
import { bottleneck } from './blocks/residual';
import { CIFAR, IMAGENET, type VariantDefaults, defineFamily } from './family';

type SeResNeXt = VariantDefaults & ResidualNetwork;

const SQUEEZE_REDUCTION = 16;

export const seResnext = defineFamily({
  title: 'SE-ResNeXt',
  paper: 'Hu et al., "Squeeze-and-excitation networks", arXiv:1709.01507',
  variants: {
    seresnext50_32x4d: {
      ...IMAGENET,
      source: 'timm',
      interpolation: 'bicubic',
      stem: IMAGENET_STEM,
      block: bottleneck,
      depths: [3, 4, 6, 3],
      width: 32 * 4,
      out: 256,
      groups: 32,
      squeezeReduction: SQUEEZE_REDUCTION,
    } as SeResNeXt,
    // resnext_toy with gates.
    seresnext_toy: {
      ...CIFAR,
      stem: { filters: 64, kernelSize: 3, stride: 2, pool: false },
      block: bottleneck,
      depths: [1, 1, 1],
      width: 32,
      out: 64,
      groups: 8,
      squeezeReduction: SQUEEZE_REDUCTION,
    },
  },
  options: GROUPS_AND_WIDTH,
  build: residualNetwork,
});

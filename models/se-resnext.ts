import { IMAGENET_STEM, residualNetwork } from './blocks/residual-network';
import { bottleneck } from './blocks/residual';
import { IMAGENET, defineFamily } from './family';

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
      squeezeReduction: 16,
    },
  },
  build: residualNetwork,
});

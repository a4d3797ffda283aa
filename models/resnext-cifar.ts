import { CIFAR, type VariantDefaults, defineFamily } from './family';
import { GROUPS_AND_WIDTH } from './blocks/grouped-width';
import { bottleneck } from './blocks/residual';
import { residualNetwork } from './blocks/residual-network';

interface ResNeXtCifar extends VariantDefaults {
  /** Channels of the stem, and its stride. */
  readonly stem: readonly [filters: number, stride: number];
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  /** Channels inside the blocks of the first stage: cardinality times the width of one group. They double a stage. */
  readonly width: number;
  /** Channels that the first stage puts out. They double a stage. */
  readonly out: number;
  readonly groups: number;
}

/** ResNeXt-29 `cardinality x groupWidth d` of the paper's section 5.3. */
function resnext29(cardinality: number, groupWidth: number, denseTwin: string): ResNeXtCifar {
  const width = cardinality * groupWidth;
  return { ...CIFAR, stem: [64, 1], depths: [3, 3, 3], width, out: 256, groups: cardinality, denseTwin };
}

/** The same network with one group. */
function dense({ denseTwin: _, ...variant }: ResNeXtCifar): ResNeXtCifar {
  return { ...variant, groups: 1 };
}

const RESNEXT29_8X64D = resnext29(8, 64, 'resnet29_8x64d');
const RESNEXT29_16X64D = resnext29(16, 64, 'resnet29_16x64d');
const RESNEXT29_32X4D = resnext29(32, 4, 'resnet29_32x4d');
const RESNEXT29_8X4D = resnext29(8, 4, 'resnet29_8x4d');
const RESNEXT_TOY: ResNeXtCifar = {
  ...CIFAR,
  stem: [64, 2],
  depths: [1, 1, 1],
  width: 32,
  out: 64,
  groups: 8,
  denseTwin: 'resnet_toy',
};

// Narrow outside its blocks and wide inside them, so that their 3x3 convolutions have a good part of all weights and a
// width of 3 to 27 channels a group keeps the total for every cardinality from 32 to 1: see scripts/experiments.
const RESNEXT_NARROW_TOY: ResNeXtCifar = {
  ...CIFAR,
  stem: [32, 2],
  depths: [1, 1, 1],
  width: 64,
  out: 36,
  groups: 8,
};

export const resnextCifar = defineFamily({
  title: 'ResNeXt for CIFAR, and its dense twins',
  paper: 'Xie et al., "Aggregated residual transformations for deep neural networks", arXiv:1611.05431',
  variants: {
    resnext29_8x64d: RESNEXT29_8X64D,
    resnext29_16x64d: RESNEXT29_16X64D,
    resnext29_32x4d: RESNEXT29_32X4D,
    resnext29_8x4d: RESNEXT29_8X4D,
    resnext_toy: RESNEXT_TOY,
    resnext_narrow_toy: RESNEXT_NARROW_TOY,
    resnet29_8x64d: dense(RESNEXT29_8X64D),
    resnet29_16x64d: dense(RESNEXT29_16X64D),
    resnet29_32x4d: dense(RESNEXT29_32X4D),
    resnet29_8x4d: dense(RESNEXT29_8X4D),
    resnet_toy: dense(RESNEXT_TOY),
  },
  options: GROUPS_AND_WIDTH,
  build(b, { stem: [filters, stride], ...network }) {
    const stem = { filters, kernelSize: 3, stride, pool: false };
    return residualNetwork(b, { ...network, stem, block: bottleneck });
  },
});

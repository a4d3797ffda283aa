import { type EfficientNet, efficientNet } from './blocks/efficientnet';
import { defineFamily, IMAGENET, type VariantDefaults } from './family';

const EFFICIENTNET_V2_S: VariantDefaults & EfficientNet = {
  ...IMAGENET,
  crop: { resize: 384, size: 384 },
  stem: [24, 2],
  stages: [
    { block: 'fused', expansion: 1, kernelSize: 3, stride: 1, out: 24, depth: 2 },
    { block: 'fused', expansion: 4, kernelSize: 3, stride: 2, out: 48, depth: 4 },
    { block: 'fused', expansion: 4, kernelSize: 3, stride: 2, out: 64, depth: 4 },
    { block: 'mbConv', expansion: 4, kernelSize: 3, stride: 2, out: 128, depth: 6 },
    { block: 'mbConv', expansion: 6, kernelSize: 3, stride: 1, out: 160, depth: 9 },
    { block: 'mbConv', expansion: 6, kernelSize: 3, stride: 2, out: 256, depth: 15 },
  ],
  head: 1280,
  norm: { epsilon: 1e-3 },
};

export const efficientnetV2 = defineFamily({
  title: 'EfficientNet V2',
  takesPadType: true,
  paper: 'Tan and Le, "EfficientNetV2: smaller models and faster training", arXiv:2104.00298',
  variants: { efficientnet_v2_s: EFFICIENTNET_V2_S },
  build: efficientNet,
});

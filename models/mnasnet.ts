import { inNamedModules } from './blocks/conv-norm-activation';
import { invertedResidual } from './blocks/inverted-residual';
import { roundChannels } from './blocks/round-channels';
import { defineFamily, IMAGENET, type VariantDefaults, IMAGENET_CROPPED_LESS } from './family';

interface MnasNet extends VariantDefaults {
  /** Multiplies all channels but the head's. */
  readonly width: number;
}

const STAGES = [
  { expansion: 3, kernelSize: 3, out: 24, depth: 3, stride: 2 },
  { expansion: 3, kernelSize: 5, out: 40, depth: 3, stride: 2 },
  { expansion: 6, kernelSize: 5, out: 80, depth: 3, stride: 2 },
  { expansion: 6, kernelSize: 3, out: 96, depth: 2, stride: 1 },
  { expansion: 6, kernelSize: 5, out: 192, depth: 4, stride: 2 },
  { expansion: 6, kernelSize: 3, out: 320, depth: 1, stride: 1 },
];

export const mnasnet = defineFamily({
  title: 'MNASNet',
  paper: 'Tan et al., "MnasNet: platform-aware neural architecture search for mobile", arXiv:1807.11626',
  variants: {
    mnasnet0_5: { ...IMAGENET, width: 0.5 } as MnasNet,
    mnasnet0_75: { ...IMAGENET_CROPPED_LESS, width: 0.75 },
    mnasnet1_0: { ...IMAGENET, width: 1 },
    mnasnet1_3: { ...IMAGENET_CROPPED_LESS, width: 1.3 },
  },
  build(b, { width }) {
    const norm = { momentum: 0.9997 };
    const activation = 'relu';
    const [stem, separable] = [32, 16].map((channels) => roundChannels(channels * width));
    const inRow = (first: number) => [0, 1, 2].map((part) => `layers.${first + part}`);
    let x = inNamedModules(b, b.image, inRow(0), { filters: stem, stride: 2, norm, activation });
    x = inNamedModules(b, x, inRow(3), { filters: stem, groups: stem, norm, activation });
    x = b.feature(inNamedModules(b, x, inRow(6), { filters: separable, kernelSize: 1, norm }), 'layers.7');
    const total = STAGES.reduce((sum, { depth }) => sum + depth, 0);
    let done = 0;
    STAGES.forEach(({ expansion, kernelSize, out, depth, stride: stageStride }, stage) => {
      const name = `layers.${stage + 8}`;
      for (let index = 0; index < depth; index++) {
        const block = {
          hidden: (x.shape[3] as number) * expansion,
          out: roundChannels(out * width),
          kernelSize,
          stride: index === 0 ? stageStride : 1,
          activation,
          norm,
          depth: done++ / total,
        } as const;
        x = invertedResidual(b, x, `${name}.${index}`, block, { prefix: 'layers', numbering: 'row' });
      }
      if (STAGES[stage + 1]?.stride !== 1) b.feature(x, name);
    });
    x = inNamedModules(b, x, inRow(14), { filters: 1280, kernelSize: 1, norm, activation });
    return b.classifier(x, 'classifier.1', 'classifier.0');
  },
});

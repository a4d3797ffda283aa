import type * as tf from '@tensorflow/tfjs';
import { blockDepth } from './blocks/block-depth';
import { type RegNetParameters, regnetStages } from './blocks/regnet-stages';
import { CIFAR, defineFamily, IMAGENET_CROPPED_LESS } from './family';
import { type ModelBuilder } from './model-builder';

interface RegNetBlock {
  readonly width: number;
  readonly stride: number;
  readonly groups: number;
  readonly squeezeChannels: number | undefined;
  readonly depth: number;
}

const STEM_WIDTH = 32;
const X_400MF = { depth: 22, initialWidth: 24, slope: 24.48, ratio: 2.54, groupWidth: 16 };
const X_800MF = { depth: 16, initialWidth: 56, slope: 35.73, ratio: 2.28, groupWidth: 16 };
const X_1_6GF = { depth: 18, initialWidth: 80, slope: 34.01, ratio: 2.25, groupWidth: 24 };
const X_3_2GF = { depth: 25, initialWidth: 88, slope: 26.31, ratio: 2.25, groupWidth: 48 };
const Y_400MF = { depth: 16, initialWidth: 48, slope: 27.89, ratio: 2.09, groupWidth: 8 };
const Y_800MF = { depth: 14, initialWidth: 56, slope: 38.84, ratio: 2.4, groupWidth: 16 };
const Y_1_6GF = { depth: 27, initialWidth: 48, slope: 20.71, ratio: 2.65, groupWidth: 24 };
const Y_3_2GF = { depth: 21, initialWidth: 80, slope: 42.63, ratio: 2.66, groupWidth: 24 };
const Y_TOY = { depth: 5, initialWidth: 32, slope: 20, ratio: 2, groupWidth: 8 };

/** RegNetX: plain bottlenecks. `squeezeRatio` 0 stands for no squeeze and excitation. */
function x(parameters: RegNetParameters) {
  return { ...parameters, squeezeRatio: 0, stemStride: 2 };
}

/** RegNetY: the same with squeeze and excitation, into a quarter of the channels that a block receives. */
function y(parameters: RegNetParameters) {
  return { ...parameters, squeezeRatio: 0.25, stemStride: 2 };
}

export const regnet = defineFamily({
  title: 'RegNet',
  paper: 'Radosavovic et al., "Designing network design spaces", arXiv:2003.13678',
  variants: {
    regnet_x_400mf: { ...IMAGENET_CROPPED_LESS, ...x(X_400MF) },
    regnet_x_800mf: { ...IMAGENET_CROPPED_LESS, ...x(X_800MF) },
    regnet_x_1_6gf: { ...IMAGENET_CROPPED_LESS, ...x(X_1_6GF) },
    regnet_x_3_2gf: { ...IMAGENET_CROPPED_LESS, ...x(X_3_2GF) },
    regnet_y_400mf: { ...IMAGENET_CROPPED_LESS, ...y(Y_400MF) },
    regnet_y_800mf: { ...IMAGENET_CROPPED_LESS, ...y(Y_800MF) },
    regnet_y_1_6gf: { ...IMAGENET_CROPPED_LESS, ...y(Y_1_6GF) },
    regnet_y_3_2gf: { ...IMAGENET_CROPPED_LESS, ...y(Y_3_2GF) },
    // A 3x3 stem without pooling they have anyway: only its stride differs.
    regnet_x_400mf_cifar: { ...CIFAR, ...x(X_400MF), stemStride: 1 },
    regnet_y_400mf_cifar: { ...CIFAR, ...y(Y_400MF), stemStride: 1 },
    // Stages of 1, 2 and 2 blocks, 32, 64 and 128 wide.
    regnet_y_toy: { ...CIFAR, ...y(Y_TOY), stemStride: 1 },
  },
  build(b, { stemStride, squeezeRatio, ...parameters }) {
    const stem = b.conv(b.image, 'stem.0', { filters: STEM_WIDTH, stride: stemStride });
    let x = b.feature(b.relu(b.norm(stem, 'stem.1'), 'stem.2'), 'stem');
    const stages = regnetStages(parameters);
    const depths = stages.map(({ depth }) => depth);
    let position = 0;
    stages.forEach(({ depth, width, groupWidth }, stage) => {
      const name = `trunk_output.block${stage + 1}`;
      for (let index = 0; index < depth; index++) {
        const channels = x.shape[3] as number;
        x = bottleneckTransform(b, x, `${name}.block${stage + 1}-${index}`, {
          width,
          stride: index === 0 ? 2 : 1,
          groups: width / groupWidth,
          squeezeChannels: squeezeRatio === 0 ? undefined : Math.round(squeezeRatio * channels),
          depth: blockDepth(position++, depths),
        });
      }
      b.feature(x, name);
    });
    return b.classifier(x, 'fc');
  },
});

/** 1x1, 3x3 in groups, squeeze and excitation where the variant has it, 1x1: `relu(x + f(x))`. */
function bottleneckTransform(
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  name: string,
  { width, stride, groups, squeezeChannels, depth }: RegNetBlock,
): tf.SymbolicTensor {
  let y = b.norm(b.conv(x, `${name}.f.a.0`, { filters: width, kernelSize: 1 }), `${name}.f.a.1`);
  y = b.relu(y, `${name}.f.a.2`);
  y = b.norm(b.conv(y, `${name}.f.b.0`, { filters: width, stride, groups }), `${name}.f.b.1`);
  y = b.relu(y, `${name}.f.b.2`);
  if (squeezeChannels !== undefined) y = b.squeezeExcite(y, `${name}.f.se`, { squeezeChannels });
  y = b.norm(b.conv(y, `${name}.f.c.0`, { filters: width, kernelSize: 1 }), `${name}.f.c.1`);
  y = b.dropPath(y, `${name}.drop_path`, depth);
  let shortcut = x;
  if (stride !== 1 || x.shape[3] !== width) {
    const projected = b.conv(x, `${name}.proj.0`, { filters: width, kernelSize: 1, stride });
    shortcut = b.norm(projected, `${name}.proj.1`);
  }
  return b.relu(b.add(y, shortcut, `${name}.add`), `${name}.activation`);
}

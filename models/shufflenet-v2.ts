import type * as tf from '@tensorflow/tfjs';
import { inNamedModules } from './blocks/conv-norm-activation';
import { CIFAR, defineFamily, IMAGENET, type VariantDefaults, IMAGENET_CROPPED_LESS } from './family';
import { type ModelBuilder } from './model-builder';

interface ShuffleNetV2 extends VariantDefaults {
  /** Units of each stage. */
  readonly depths: readonly number[];
  /** Channels that each stage puts out. */
  readonly widths: readonly number[];
  /** Channels of the last convolution. */
  readonly head: number;
  /** Whether the stem halves the image and a pooling halves it again. */
  readonly reducesEarly: boolean;
}

const DEPTHS = [4, 8, 4];
const X1_0 = { depths: DEPTHS, widths: [116, 232, 464], head: 1024 };
const SHUFFLENET_V2_X0_5: ShuffleNetV2 = {
  ...IMAGENET,
  depths: DEPTHS,
  widths: [48, 96, 192],
  head: 1024,
  reducesEarly: true,
};

export const shufflenetV2 = defineFamily({
  title: 'ShuffleNet V2',
  paper:
    'Ma et al., "ShuffleNet V2: practical guidelines for efficient CNN architecture design", arXiv:1807.11164',
  variants: {
    shufflenet_v2_x0_5: SHUFFLENET_V2_X0_5,
    shufflenet_v2_x1_0: { ...IMAGENET, ...X1_0, reducesEarly: true },
    shufflenet_v2_x1_5: {
      ...IMAGENET_CROPPED_LESS,
      depths: DEPTHS,
      widths: [176, 352, 704],
      head: 1024,
      reducesEarly: true,
    },
    shufflenet_v2_x2_0: {
      ...IMAGENET_CROPPED_LESS,
      depths: DEPTHS,
      widths: [244, 488, 976],
      head: 2048,
      reducesEarly: true,
    },
    shufflenet_v2_x1_0_cifar: { ...CIFAR, ...X1_0, reducesEarly: false },
    shufflenet_v2_toy: {
      ...CIFAR,
      depths: [2, 4, 2],
      widths: [52, 104, 208],
      head: 208,
      reducesEarly: false,
    },
  },
  build(b, { depths, widths, head, reducesEarly }) {
    const stem = { filters: 24, stride: reducesEarly ? 2 : 1, activation: 'relu' } as const;
    let x = b.feature(inNamedModules(b, b.image, modules('conv1', 0), stem), 'conv1');
    if (reducesEarly) x = b.feature(b.maxPool(x, 'maxpool'), 'maxpool');
    widths.forEach((out, stage) => {
      const name = `stage${stage + 2}`;
      for (let index = 0; index < depths[stage]; index++) {
        x = index === 0 ? reduction(b, x, `${name}.0`, out) : unit(b, x, `${name}.${index}`);
      }
      b.feature(x, name);
    });
    x = inNamedModules(b, x, modules('conv5', 0), { filters: head, kernelSize: 1, activation: 'relu' });
    return b.classifier(x, 'fc');
  },
});

/** Half of the channels pass, the others are filtered; a shuffle mixes both. */
function unit(b: ModelBuilder, x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
  const size = (x.shape[3] as number) / 2;
  const passed = b.channelSlice(x, `${name}.passed`, 0, size);
  const filtered = b.channelSlice(x, `${name}.filtered`, size, size);
  return mixed(b, passed, branch2(b, filtered, name, size, 1), name);
}

/** Both branches see all channels, and halve height and width. */
function reduction(b: ModelBuilder, x: tf.SymbolicTensor, name: string, out: number): tf.SymbolicTensor {
  const channels = x.shape[3] as number;
  const depthwise = { filters: channels, stride: 2, groups: channels };
  const pointwise = { filters: out / 2, kernelSize: 1, activation: 'relu' } as const;
  let y = inNamedModules(b, x, modules(`${name}.branch1`, 0), depthwise);
  y = inNamedModules(b, y, modules(`${name}.branch1`, 2), pointwise);
  return mixed(b, y, branch2(b, x, name, out / 2, 2), name);
}

/** 1x1, depthwise 3x3 without an activation, 1x1. */
function branch2(b: ModelBuilder, x: tf.SymbolicTensor, name: string, filters: number, stride: number) {
  const branch = `${name}.branch2`;
  const pointwise = { filters, kernelSize: 1, activation: 'relu' } as const;
  let y = inNamedModules(b, x, modules(branch, 0), pointwise);
  y = inNamedModules(b, y, modules(branch, 3), { filters, stride, groups: filters });
  return inNamedModules(b, y, modules(branch, 5), pointwise);
}

function mixed(b: ModelBuilder, left: tf.SymbolicTensor, right: tf.SymbolicTensor, name: string) {
  return b.channelShuffle(b.concat([left, right], `${name}.concat`), `${name}.shuffle`, 2);
}

/** Three modules in a row, from number `first` on. */
function modules(prefix: string, first: number): string[] {
  return [0, 1, 2].map((part) => `${prefix}.${first + part}`);
}

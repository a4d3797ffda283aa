import type * as tf from '@tensorflow/tfjs';
import { CIFAR, type VariantDefaults, defineFamily } from './family';
import { type ModelBuilder } from './model-builder';

interface Airbench extends VariantDefaults {
  /** Channels that each of the three groups of convolutions puts out. */
  readonly widths: readonly [number, number, number];
}

const WHITEN_KERNEL = 2;
const LOGIT_SCALE = 1 / 9;
/** Statistics that follow the batches fast, as the short trainings that these networks are for need it. */
const NORM = { epsilon: 1e-12, momentum: 0.6, scale: false } as const;

/** A 3x3 convolution that at first hands its input on in its first channels; the rest are PyTorch's uniform draw. */
function conv(b: ModelBuilder, x: tf.SymbolicTensor, name: string, filters: number): tf.SymbolicTensor {
  const deviation = Math.sqrt(1 / (3 * 9 * (x.shape[3] as number)));
  return b.conv(x, name, { filters, kernel: { shape: 'uniform', deviation }, passesInput: true });
}

function convGroup(b: ModelBuilder, x: tf.SymbolicTensor, name: string, filters: number): tf.SymbolicTensor {
  let y = conv(b, x, `${name}.conv1`, filters);
  y = b.maxPool(y, `${name}.pool`, { kernelSize: 2, padding: 0 });
  y = b.activation(b.norm(y, `${name}.norm1`, NORM), `${name}.gelu1`, 'gelu');
  y = b.norm(conv(b, y, `${name}.conv2`, filters), `${name}.norm2`, NORM);
  return b.feature(b.activation(y, `${name}.gelu2`, 'gelu'), name);
}

/**
 * Eight layers made to be trained in no time: the recipe's `whiten` fills the first convolution from the training images,
 * and `scripts/experiments/cifar10.yaml` has the rest of the recipe.
 */
export const airbench = defineFamily({
  title: 'Airbench',
  paper: 'Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", arXiv:2404.00498',
  variants: {
    airbench94: { ...CIFAR, widths: [64, 256, 256] } as Airbench,
    airbench95: { ...CIFAR, widths: [128, 384, 384] } as Airbench,
  },
  build(b, { widths }) {
    // Each eigenvector of a patch, and its negative, which the activation after it tells apart.
    const filters = 2 * WHITEN_KERNEL * WHITEN_KERNEL * (b.image.shape[3] as number);
    let x = b.conv(b.image, 'whiten', { filters, kernelSize: WHITEN_KERNEL, padding: 0, bias: true });
    x = b.activation(x, 'whiten.gelu', 'gelu');
    widths.forEach((width, i) => {
      x = convGroup(b, x, `layer${i + 1}`, width);
    });
    x = b.flatten(b.globalMaxPool(x, 'maxpool'), 'flatten');
    // Before the linear layer or after it is the same, and the logits stay what the last layer with weights puts out.
    return b.linear(b.rescale(x, 'scale', LOGIT_SCALE), 'fc', { bias: false });
  },
});

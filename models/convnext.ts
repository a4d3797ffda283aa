import type * as tf from '@tensorflow/tfjs';
import { fanInConv } from './blocks/fan-in-conv';
import { defineFamily, IMAGENET } from './family';
import { type ModelBuilder } from './model-builder';

/** Of the initial weights, which no batch norm evens out. */
const DEVIATION = 0.02;

export const convnext = defineFamily({
  title: 'ConvNeXt',
  paper: 'Liu et al., "A ConvNet for the 2020s", arXiv:2201.03545',
  variants: {
    convnext_tiny: {
      ...IMAGENET,
      widths: [96, 192, 384, 768],
      depths: [3, 3, 9, 3],
      crop: { resize: 236, size: 224 },
    },
  },
  build(b, { widths, depths }) {
    const total = depths.reduce((sum, depth) => sum + depth, 0);
    let x = b.image;
    let done = 0;
    widths.forEach((filters, stage) => {
      // The stem and the stages have even numbers and odd ones in turn.
      const [reduction, blocks] = [`features.${2 * stage}`, `features.${2 * stage + 1}`];
      if (stage === 0) {
        x = b.layerNorm(patches(b, x, `${reduction}.0`, filters, 4), `${reduction}.1`);
      } else {
        x = patches(b, b.layerNorm(x, `${reduction}.0`), `${reduction}.1`, filters, 2);
      }
      for (let index = 0; index < depths[stage]; index++) {
        x = block(b, x, `${blocks}.${index}`, done++ / (total - 1));
      }
      b.feature(x, blocks);
    });
    x = b.layerNorm(b.globalPool(x), 'classifier.0');
    return b.linear(b.dropout(x, 'classifier.dropout'), 'classifier.2');
  },
});

/** Depthwise 7x7, norm, and two linear layers of each pixel, scaled by channel; `x + f(x)`. */
function block(b: ModelBuilder, x: tf.SymbolicTensor, name: string, depth: number): tf.SymbolicTensor {
  const channels = x.shape[3] as number;
  let y = b.conv(x, `${name}.block.0`, { filters: channels, kernelSize: 7, groups: channels, bias: true });
  y = b.layerNorm(y, `${name}.block.2`);
  y = b.activation(linear(b, y, `${name}.block.3`, 4 * channels), `${name}.block.4`, 'gelu');
  y = linear(b, y, `${name}.block.5`, channels);
  // Named as the block: PyTorch's parameter `layer_scale` is the block's own, as the weight of this layer then is.
  y = b.layerScale(y, name);
  return b.add(b.dropPath(y, `${name}.stochastic_depth`, depth), x, `${name}.add`);
}

/** A convolution of squares of pixels that do not overlap. */
function patches(b: ModelBuilder, x: tf.SymbolicTensor, name: string, filters: number, side: number) {
  const square = { filters, kernelSize: side, stride: side, padding: 0, bias: true };
  return fanInConv(b, x, name, { ...square, distribution: 'normal', deviation: DEVIATION });
}

/** A linear layer of each pixel. */
function linear(b: ModelBuilder, x: tf.SymbolicTensor, name: string, units: number): tf.SymbolicTensor {
  return b.linear(x, name, { units, kernel: { shape: 'normal', deviation: DEVIATION } });
}

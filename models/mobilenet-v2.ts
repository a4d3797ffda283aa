import type * as tf from '@tensorflow/tfjs';
import { CIFAR, defineFamily } from './family';
import { type ModelBuilder } from './model-builder';

interface InvertedResidual {
  expansion: number;
  out: number;
  stride: number;
}

export const mobilenetV2 = defineFamily({
  title: 'MobileNet V2',
  paper: 'Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", arXiv:1801.04381',
  variants: {
    mobilenet_v2_cifar: {
      ...CIFAR,
      // Two halvings fewer than for ImageNet: the stem and the 24-channel stage keep the resolution.
      stem: [32, 1],
      head: 1280,
      stages: [
        { expansion: 1, out: 16, depth: 1, stride: 1 },
        { expansion: 6, out: 24, depth: 2, stride: 1 },
        { expansion: 6, out: 32, depth: 3, stride: 2 },
        { expansion: 6, out: 64, depth: 4, stride: 2 },
        { expansion: 6, out: 96, depth: 3, stride: 1 },
        { expansion: 6, out: 160, depth: 3, stride: 2 },
        { expansion: 6, out: 320, depth: 1, stride: 1 },
      ],
    },
  },
  build(b, { stem: [filters, stemStride], head, stages }) {
    let x = b.norm(b.conv(b.image, 'features.0.0', { filters, stride: stemStride }), 'features.0.1');
    x = b.relu6(x, 'features.0.2');
    let index = 1;
    for (const { expansion, out, depth, stride } of stages) {
      for (let repeat = 0; repeat < depth; repeat++) {
        const block = { expansion, out, stride: repeat === 0 ? stride : 1 };
        x = invertedResidual(b, x, `features.${index++}`, block);
      }
    }
    x = b.norm(b.conv(x, `features.${index}.0`, { filters: head, kernelSize: 1 }), `features.${index}.1`);
    x = b.relu6(x, `features.${index}.2`);
    return b.classifier(x, 'classifier.1', 'classifier.0');
  },
});

/** Expand by 1x1, filter each channel by 3x3, project by 1x1; `x + f(x)` where the shape stays. */
function invertedResidual(
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  name: string,
  { expansion, out, stride }: InvertedResidual,
): tf.SymbolicTensor {
  const channels = x.shape[3] as number;
  const hidden = channels * expansion;
  let y = x;
  let position = 0;
  if (expansion > 1) {
    y = b.norm(b.conv(y, `${name}.conv.0.0`, { filters: hidden, kernelSize: 1 }), `${name}.conv.0.1`);
    y = b.relu6(y, `${name}.conv.0.2`);
    position = 1;
  }
  const depthwise = `${name}.conv.${position}`;
  y = b.norm(b.conv(y, `${depthwise}.0`, { filters: hidden, stride, groups: hidden }), `${depthwise}.1`);
  y = b.relu6(y, `${depthwise}.2`);
  y = b.conv(y, `${name}.conv.${position + 1}`, { filters: out, kernelSize: 1 });
  y = b.norm(y, `${name}.conv.${position + 2}`);
  return stride === 1 && channels === out ? b.add(y, x, `${name}.add`) : y;
}

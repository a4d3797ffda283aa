import type * as tf from '@tensorflow/tfjs';
import { type FanInConvOptions, fanInConv } from './blocks/fan-in-conv';
import { IMAGENET, defineFamily } from './family';
import { type ModelBuilder } from './model-builder';

/** The channels of one fire module. */
interface Fire {
  squeeze: number;
  expand1x1: number;
  expand3x3: number;
}

export const squeezenet = defineFamily({
  title: 'SqueezeNet',
  paper: 'Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", arXiv:1602.07360',
  variants: {
    // The numbers of section 5.1; version 1.1, which is younger than the paper, differs in the stem and the poolings.
    squeezenet1_1: {
      ...IMAGENET,
      stem: 64,
      depths: [2, 2, 4],
      baseWidth: 128,
      widthStep: 128,
      firesPerStep: 2,
      squeezeRatio: 0.125,
      share3x3: 0.5,
    },
  },
  build(b, { stem, depths, baseWidth, widthStep, firesPerStep, squeezeRatio, share3x3 }) {
    let x = b.relu(conv(b, b.image, 'features.0', { filters: stem, stride: 2, padding: 0 }), 'features.1');
    b.feature(x, 'features.1');
    let module = 2;
    let fires = 0;
    for (const depth of depths) {
      x = b.maxPool(x, `features.${module++}`, { padding: 0, coversEdge: true });
      for (let index = 0; index < depth; index++) {
        const expand = baseWidth + widthStep * Math.floor(fires++ / firesPerStep);
        const expand3x3 = Math.round(expand * share3x3);
        x = fire(b, x, `features.${module++}`, {
          squeeze: Math.round(expand * squeezeRatio),
          expand1x1: expand - expand3x3,
          expand3x3,
        });
      }
      b.feature(x, `features.${module - 1}`);
    }
    x = conv(b, b.dropout(x, 'classifier.0'), 'classifier.1', {
      filters: b.numClasses,
      kernelSize: 1,
      distribution: 'normal',
      deviation: 0.01,
    });
    return b.globalPool(b.relu(x, 'classifier.2'), 'classifier.3');
  },
});

/** A 1x1 convolution to few channels, and of those a 1x1 and a 3x3 one side by side; a ReLU after each. */
function fire(
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  name: string,
  { squeeze, expand1x1, expand3x3 }: Fire,
): tf.SymbolicTensor {
  const convRelu = (input: tf.SymbolicTensor, module: string, filters: number, kernelSize: number) =>
    b.relu(conv(b, input, `${name}.${module}`, { filters, kernelSize }), `${name}.${module}_activation`);
  const squeezed = convRelu(x, 'squeeze', squeeze, 1);
  const parts = [
    convRelu(squeezed, 'expand1x1', expand1x1, 1),
    convRelu(squeezed, 'expand3x3', expand3x3, 3),
  ];
  return b.concat(parts, `${name}.concat`);
}

/** A convolution with a bias, drawn as torchvision draws all but the last. */
function conv(
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  name: string,
  options: Omit<FanInConvOptions, 'distribution'> & Partial<Pick<FanInConvOptions, 'distribution'>>,
): tf.SymbolicTensor {
  return fanInConv(b, x, name, { distribution: 'uniform', bias: true, ...options });
}

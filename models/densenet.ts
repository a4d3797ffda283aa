import type * as tf from '@tensorflow/tfjs';
import { type FanInConvOptions, fanInConv } from './blocks/fan-in-conv';
import { IMAGENET, defineFamily } from './family';
import { type ModelBuilder } from './model-builder';

interface DenseLayer {
  /** Channels that each layer adds. */
  growth: number;
  /** Channels inside a layer over those that it adds. */
  bottleneck: number;
}

export const densenet = defineFamily({
  title: 'DenseNet',
  paper: 'Huang et al., "Densely connected convolutional networks", arXiv:1608.06993',
  variants: {
    densenet121: {
      ...IMAGENET,
      stem: 64,
      depths: [6, 12, 24, 16],
      growth: 32,
      bottleneck: 4,
      compression: 0.5,
    },
  },
  build(b, { stem, depths, compression, ...layer }) {
    let x = conv(b, b.image, 'features.conv0', { filters: stem, kernelSize: 7, stride: 2 });
    x = b.feature(b.relu(b.norm(x, 'features.norm0'), 'features.relu0'), 'features.relu0');
    x = b.maxPool(x, 'features.pool0');
    depths.forEach((depth, stage) => {
      const block = `features.denseblock${stage + 1}`;
      for (let index = 1; index <= depth; index++) x = denseLayer(b, x, `${block}.denselayer${index}`, layer);
      if (stage === depths.length - 1) return;
      b.feature(x, block);
      x = transition(b, x, `features.transition${stage + 1}`, compression);
    });
    // The last block's output has not been through a norm. In both libraries what the module is seen to put out has
    // been through the ReLU too: torchvision applies it in place, timm has it within the module.
    x = b.feature(b.relu(b.norm(x, 'features.norm5'), 'relu'), 'features.norm5');
    return b.classifier(x, 'classifier');
  },
});

/** The input, and after its channels those that norm, ReLU and 1x1, norm, ReLU and 3x3 make of it. */
function denseLayer(
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  name: string,
  { growth, bottleneck }: DenseLayer,
): tf.SymbolicTensor {
  let y = b.relu(b.norm(x, `${name}.norm1`), `${name}.relu1`);
  y = conv(b, y, `${name}.conv1`, { filters: bottleneck * growth, kernelSize: 1 });
  y = b.relu(b.norm(y, `${name}.norm2`), `${name}.relu2`);
  y = conv(b, y, `${name}.conv2`, { filters: growth });
  return b.concat([x, y], `${name}.concat`);
}

/** Norm, ReLU, a 1x1 convolution to fewer channels, and half the height and width. */
function transition(
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  name: string,
  compression: number,
): tf.SymbolicTensor {
  const y = b.relu(b.norm(x, `${name}.norm`), `${name}.relu`);
  const filters = Math.floor((y.shape[3] as number) * compression);
  return b.averagePool(conv(b, y, `${name}.conv`, { filters, kernelSize: 1 }), `${name}.pool`);
}

function conv(
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  name: string,
  options: Omit<FanInConvOptions, 'distribution'>,
): tf.SymbolicTensor {
  return fanInConv(b, x, name, { ...options, distribution: 'normal' });
}

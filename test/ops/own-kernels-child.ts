import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { convSpec, outputShape, type ConvOptions } from '../../src/ops/conv-spec';
import { runOwnKernel, type OwnKernels } from '../../src/ops/own-kernels';
import { useBackend } from '../../src/backends/use-backend-node';

type Shape = [number, number, number, number];

/** Run by a test in processes of their own, which make their threads as the environment says when they start. */
async function main(): Promise<void> {
  await useBackend('tensorflow');
  const hash = createHash('sha256');
  const add = (family: OwnKernels, xShape: Shape, filterShape: Shape, options: ConvOptions): void => {
    const spec = convSpec(xShape, filterShape, options);
    const x = tf.randomNormal<tf.Rank.R4>(xShape, 0, 1, 'float32', 1);
    const filter = tf.randomNormal<tf.Rank.R4>(filterShape, 0, 1, 'float32', 2);
    const dy = tf.randomNormal<tf.Rank.R4>(outputShape(spec), 0, 1, 'float32', 3);
    for (let i = 0; i < 10; i++) {
      const passes = [
        runOwnKernel(family, 'forward', x, filter, spec),
        runOwnKernel(family, 'backpropInput', dy, filter, spec),
        runOwnKernel(family, 'backpropFilter', x, dy, spec),
      ];
      for (const result of passes) hash.update(result.dataSync());
      tf.dispose(passes);
    }
  };
  add('CardinalDirectConv2D', [5, 40, 37, 64], [3, 3, 8, 64], { groups: 8, padding: 1, strides: 2 });
  add('CardinalWinogradConv2D', [12, 33, 30, 64], [3, 3, 64, 32], { padding: 1 });
  add('CardinalWinogradConv2D', [9, 18, 14, 160], [3, 3, 160, 192], { padding: 1 });
  add('CardinalWinogradConv2D', [12, 33, 30, 64], [3, 3, 64, 96], { padding: 1, strides: 2 });
  console.log(JSON.stringify(hash.digest('hex')));
}

void main();

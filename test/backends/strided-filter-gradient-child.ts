import * as tf from '@tensorflow/tfjs';
import '../../src/backends/register-kernels';
import { useBackend } from '../../src/backends/use-backend-node';

const TIMES = 3000;

/** Computes, over and over, filter gradients for which libtensorflow writes past a buffer, as a process then dies of. */
async function main(): Promise<void> {
  await useBackend('tensorflow');
  const images = tf.ones<tf.Rank.R4>([3, 11, 4, 1]);
  const filter = tf.ones<tf.Rank.R4>([1, 1, 1, 1]);
  const losses: Record<string, (weights: tf.Tensor) => tf.Tensor> = {
    conv2d: (weights) => tf.conv2d(images, weights as tf.Tensor4D, [1, 2], 'valid'),
    depthwiseConv2d: (weights) => tf.depthwiseConv2d(images, weights as tf.Tensor4D, [1, 2], 'valid'),
  };
  const gradients: Record<string, number> = {};
  for (const [name, loss] of Object.entries(losses)) {
    const gradient = tf.grad((weights) => tf.sum(loss(weights)));
    for (let i = 0; i < TIMES; i++) gradients[name] = tf.tidy(() => gradient(filter).dataSync()[0]);
  }
  process.stdout.write(JSON.stringify(gradients));
}

void main();

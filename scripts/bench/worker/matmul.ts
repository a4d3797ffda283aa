import * as tf from '@tensorflow/tfjs';
import type { Prepared, Setting } from './works';

/** A product of two square matrices: what the machine can do at best. */
export async function prepareMatmul({ work: { size } }: Setting<'matmul'>): Promise<Prepared> {
  const a = tf.randomUniform([size, size], -1, 1, 'float32', 1);
  const b = tf.randomUniform([size, size], -1, 1, 'float32', 2);
  const step = (): void => {
    const product = tf.matMul(a, b);
    product.dataSync();
    product.dispose();
  };
  return { check: async () => new Map(), step, dispose: () => tf.dispose([a, b]) };
}

import type * as tf from '@tensorflow/tfjs';

/** What runs in a stock kernel's place; it calls the stock one for all that this one computes rightly. */
export type Mend = (kernelName: string, stock: tf.KernelFunc) => tf.KernelFunc;

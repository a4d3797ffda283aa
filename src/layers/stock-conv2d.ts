import * as tf from '@tensorflow/tfjs';

/** The options of `tf.layers.conv2d`, whose type tfjs does not export by name. */
export type StockConv2DArgs = Parameters<typeof tf.layers.conv2d>[0];

type Initializer = ReturnType<typeof tf.initializers.zeros>;
type Regularizer = ReturnType<typeof tf.regularizers.l2>;
type Constraint = ReturnType<typeof tf.constraints.nonNeg>;

/** What an unbuilt stock convolution made of its options. */
interface StockConv2D extends tf.layers.Layer {
  readonly filters: number;
  readonly useBias: boolean;
  readonly dataFormat: 'channelsFirst' | 'channelsLast';
  readonly activation: { apply(x: tf.Tensor): tf.Tensor };
  readonly kernelInitializer: Initializer;
  readonly kernelRegularizer: Regularizer;
  readonly kernelConstraint: Constraint;
  readonly biasInitializer: Initializer;
  readonly biasRegularizer: Regularizer;
  readonly biasConstraint: Constraint;
}

/**
 * A stock layer that is never built: it reads the options that it shares with ours (by name, by object or as saved),
 * gives them their defaults and writes them into a config, all exactly as tfjs does, whose functions for it are private.
 */
export function stockConv2D(args: Omit<StockConv2DArgs, 'padding'>): StockConv2D {
  return tf.layers.conv2d({ ...args, name: 'options', padding: 'valid' }) as unknown as StockConv2D;
}

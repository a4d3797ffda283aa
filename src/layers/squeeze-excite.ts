import * as tf from '@tensorflow/tfjs';
import { check, unknownChoice } from '../errors';
import { hardSigmoid } from './hard-activations';
import { oneInput, oneShape } from './one-input';

const INNER = {
  relu: (x: tf.Tensor) => tf.relu(x),
  silu: (x: tf.Tensor) => tf.mul(x, tf.sigmoid(x)),
} as const;
const GATES = { sigmoid: (x: tf.Tensor) => tf.sigmoid(x), hardSigmoid } as const;

/** Options of {@link SqueezeExcite}. */
export interface SqueezeExciteArgs {
  /** Channels between the two products. */
  squeezeChannels: number;
  /** After the first product; `'relu'` by default. */
  activation?: keyof typeof INNER;
  /** After the second; `'sigmoid'` by default. */
  gate?: keyof typeof GATES;
  kernelInitializer?: Parameters<tf.layers.Layer['addWeight']>[3];
  name?: string;
}

/**
 * Squeeze and excitation: each channel is multiplied by a gate between 0 and 1 that is computed from the averages of all.
 *
 * Input and output `[batch, height, width, channels]`; weights `fc1/kernel` `[1, 1, channels, squeezeChannels]`,
 * `fc1/bias`, `fc2/kernel` `[1, 1, squeezeChannels, channels]` and `fc2/bias`, as the 1x1 convolutions of PyTorch's have.
 *
 * Source: Hu et al., "Squeeze-and-excitation networks", arXiv:1709.01507.
 */
export class SqueezeExcite extends tf.layers.Layer {
  static readonly className = 'SqueezeExcite';

  private readonly args: Required<Pick<SqueezeExciteArgs, 'squeezeChannels' | 'activation' | 'gate'>>;
  private readonly kernelInitializer: SqueezeExciteArgs['kernelInitializer'];
  private products: { kernel: tf.LayerVariable; bias: tf.LayerVariable }[] = [];

  constructor(args: SqueezeExciteArgs) {
    super(args as unknown as ConstructorParameters<typeof tf.layers.Layer>[0]);
    const { squeezeChannels, activation = 'relu', gate = 'sigmoid', kernelInitializer } = args;
    check(
      Number.isSafeInteger(squeezeChannels) && squeezeChannels >= 1,
      'squeezeChannels',
      'a whole number of at least 1',
      squeezeChannels,
    );
    if (!Object.hasOwn(INNER, activation)) throw unknownChoice('activation', activation, Object.keys(INNER));
    if (!Object.hasOwn(GATES, gate)) throw unknownChoice('gate', gate, Object.keys(GATES));
    this.args = { squeezeChannels, activation, gate };
    this.kernelInitializer = kernelInitializer ?? tf.initializers.heNormal({});
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = oneShape(inputShape).at(-1) as number;
    const { squeezeChannels } = this.args;
    this.products = (
      [
        ['fc1', channels, squeezeChannels],
        ['fc2', squeezeChannels, channels],
      ] as const
    ).map(([name, from, to]) => ({
      kernel: this.addWeight(`${name}/kernel`, [1, 1, from, to], undefined, this.kernelInitializer),
      bias: this.addWeight(`${name}/bias`, [to], undefined, tf.initializers.zeros()),
    }));
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = oneInput<tf.Tensor4D>(inputs);
      const [batch, , , channels] = x.shape;
      const [squeeze, excite] = this.products.map(({ kernel, bias }) => (vectors: tf.Tensor2D) => {
        const matrix = kernel.read();
        return tf.add(tf.matMul(vectors, matrix.reshape<tf.Tensor2D>(matrix.shape.slice(2))), bias.read());
      });
      const squeezed = INNER[this.args.activation](squeeze(tf.mean(x, [1, 2])));
      const gates = GATES[this.args.gate](excite(squeezed as tf.Tensor2D));
      return tf.mul(x, gates.reshape([batch, 1, 1, channels]));
    });
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.args };
  }
}

tf.serialization.registerClass(SqueezeExcite);

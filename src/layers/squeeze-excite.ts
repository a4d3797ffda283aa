import * as tf from '@tensorflow/tfjs';
import type { OptionNames } from '../check-options';
import { check, unknownChoice } from '../errors';
import { hardSigmoid } from '../ops/hard-swish';
import { silu } from '../ops/silu';
import { checkedArgs, LAYER_OPTIONS, type LayerArgs } from './layer-args';
import { channelsOf, oneInput, oneShape } from './one-input';
import { stockConv2D, type StockConv2DArgs } from './stock-conv2d';

type Activation = (x: tf.Tensor) => tf.Tensor;
const INNER = { relu: tf.relu, silu } as const satisfies Record<string, Activation>;
const GATES = { sigmoid: tf.sigmoid, hardSigmoid } as const satisfies Record<string, Activation>;

type WeightOptions = Pick<
  StockConv2DArgs,
  | 'kernelInitializer'
  | 'biasInitializer'
  | 'kernelRegularizer'
  | 'biasRegularizer'
  | 'kernelConstraint'
  | 'biasConstraint'
>;

/** Options of {@link squeezeExcite}. Those of kernels and biases are for both products, and as `tf.layers.conv2d` has them. */
export interface SqueezeExciteArgs extends LayerArgs, WeightOptions {
  /** Channels between the two products. */
  squeezeChannels: number;
  /** After the first product; `'relu'` by default. */
  activation?: keyof typeof INNER;
  /** After the second; `'sigmoid'` by default. `'hardSigmoid'` is PyTorch's, see {@link hardSigmoid}. */
  gate?: keyof typeof GATES;
}

const OPTION_NAMES: OptionNames<SqueezeExciteArgs> = {
  squeezeChannels: true,
  activation: true,
  gate: true,
  kernelInitializer: true,
  kernelRegularizer: true,
  kernelConstraint: true,
  biasInitializer: true,
  biasRegularizer: true,
  biasConstraint: true,
  ...LAYER_OPTIONS,
};

/**
 * Squeeze and excitation: each channel is multiplied by a gate between 0 and 1 that is computed from the averages of all.
 *
 * Input and output `[batch, height, width, channels]`; weights `fc1/kernel` `[1, 1, channels, squeezeChannels]`,
 * `fc1/bias`, `fc2/kernel` `[1, 1, squeezeChannels, channels]` and `fc2/bias`, as the 1x1 convolutions of PyTorch's have.
 * Kernels start He-normal and biases 0 unless told. It is registered for saving and loading under the class name
 * `SqueezeExcite`.
 *
 * Source: Hu et al., "Squeeze-and-excitation networks", arXiv:1709.01507.
 */
export class SqueezeExcite extends tf.layers.Layer {
  static readonly className = 'SqueezeExcite';

  readonly squeezeChannels: number;
  readonly activation: keyof typeof INNER;
  readonly gate: keyof typeof GATES;
  private readonly stock: ReturnType<typeof stockConv2D>;
  private products: { kernel: tf.LayerVariable; bias: tf.LayerVariable }[] = [];

  constructor(args: SqueezeExciteArgs) {
    super(checkedArgs('SqueezeExcite', args, OPTION_NAMES));
    const { squeezeChannels, activation = 'relu', gate = 'sigmoid' } = args;
    check(
      Number.isSafeInteger(squeezeChannels) && squeezeChannels >= 1,
      'squeezeChannels',
      'a whole number of at least 1',
      squeezeChannels,
    );
    if (!Object.hasOwn(INNER, activation)) throw unknownChoice('activation', activation, Object.keys(INNER));
    if (!Object.hasOwn(GATES, gate)) throw unknownChoice('gate', gate, Object.keys(GATES));
    this.squeezeChannels = squeezeChannels;
    this.activation = activation;
    this.gate = gate;
    this.stock = stockConv2D({
      kernelInitializer: args.kernelInitializer ?? 'heNormal',
      biasInitializer: args.biasInitializer,
      kernelRegularizer: args.kernelRegularizer,
      biasRegularizer: args.biasRegularizer,
      kernelConstraint: args.kernelConstraint,
      biasConstraint: args.biasConstraint,
      filters: squeezeChannels,
      kernelSize: 1,
    });
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = oneShape(inputShape);
    check(shape.length === 4, 'inputShape', `an input of rank 4 for layer ${this.name}`, shape);
    const channels = channelsOf(shape, this.name);
    this.products = [
      this.addProduct('fc1', channels, this.squeezeChannels, this.stock.kernelInitializer),
      this.addProduct('fc2', this.squeezeChannels, channels, reseeded(this.stock.kernelInitializer)),
    ];
    this.inputSpec = [new tf.InputSpec({ ndim: 4, axes: { 3: channels } })];
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = oneInput<tf.Tensor4D>(inputs);
      const [batch, , , channels] = x.shape;
      const [squeeze, excite] = this.products.map(({ kernel, bias }) => (vectors: tf.Tensor) => {
        const matrix = kernel.read();
        const [from, to] = matrix.shape.slice(2);
        return tf.add(tf.matMul(vectors, matrix.reshape([from, to])), bias.read());
      });
      const squeezed = INNER[this.activation](squeeze(tf.mean(x, [1, 2])));
      const gates = GATES[this.gate](excite(squeezed));
      return tf.mul(x, gates.reshape([batch, 1, 1, channels]));
    });
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return oneShape(inputShape);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const options = this.stock.getConfig();
    return {
      ...super.getConfig(),
      squeezeChannels: this.squeezeChannels,
      activation: this.activation,
      gate: this.gate,
      kernelInitializer: options.kernelInitializer,
      biasInitializer: options.biasInitializer,
      kernelRegularizer: options.kernelRegularizer,
      biasRegularizer: options.biasRegularizer,
      kernelConstraint: options.kernelConstraint,
      biasConstraint: options.biasConstraint,
    };
  }

  private addProduct(name: string, from: number, to: number, initializer: Initializer) {
    const { biasInitializer, kernelRegularizer, biasRegularizer, kernelConstraint, biasConstraint } =
      this.stock;
    return {
      kernel: this.addWeight(
        `${name}/kernel`,
        [1, 1, from, to],
        undefined,
        initializer,
        kernelRegularizer,
        true,
        kernelConstraint,
      ),
      bias: this.addWeight(
        `${name}/bias`,
        [to],
        undefined,
        biasInitializer,
        biasRegularizer,
        true,
        biasConstraint,
      ),
    };
  }
}

tf.serialization.registerClass(SqueezeExcite);

/**
 * A squeeze-and-excitation layer.
 *
 * @throws InvalidArgumentError for squeeze channels that are no whole number of at least 1, for an unknown activation or
 * gate and, when it is built, for an input of another rank than 4 or with unknown channels
 *
 * @example
 * // As in MobileNet V3; EfficientNet's has { activation: 'silu' }.
 * const y = squeezeExcite({ squeezeChannels: 16, gate: 'hardSigmoid' }).apply(x);
 */
export function squeezeExcite(args: SqueezeExciteArgs): SqueezeExcite {
  return new SqueezeExcite(args);
}

type Initializer = ReturnType<typeof tf.initializers.zeros>;

/** The same distribution from the next seed: with one seed both kernels would start from the same numbers. */
function reseeded(initializer: Initializer): Initializer {
  const config = initializer.getConfig();
  if (typeof config.seed !== 'number') return initializer;
  const Class = initializer.constructor as tf.serialization.SerializableConstructor<Initializer>;
  return Class.fromConfig(Class, { ...config, seed: config.seed + 1 });
}

import * as tf from '@tensorflow/tfjs';
import { batchNormalization } from '../src/layers/batch-normalization';
import { ChannelShuffle } from '../src/layers/channel-shuffle';
import { channelSlice } from '../src/layers/channel-slice';
import { DropPath } from '../src/layers/drop-path';
import { groupedConv2D } from '../src/layers/grouped-conv2d';
import { HardSwish } from '../src/layers/hard-swish';
import { SqueezeExcite, type SqueezeExciteArgs } from '../src/layers/squeeze-excite';
import { LayerScale } from '../src/layers/layer-scale';
import { layerSeed } from './layer-seed';
import { type ResolvedOptions } from './model-options';

/** A convolution of the zoo: square, and by default padded so that a stride of 1 keeps the size. */
export interface ConvOptions {
  filters: number;
  /** 3 by default. */
  kernelSize?: number;
  /** 1 by default. */
  stride?: number;
  /** 1 by default. */
  groups?: number;
  /** Zeros a side; half of what the kernel reaches over, by default. */
  padding?: number;
  /** Whether it adds a bias; `false` by default, since a batch norm comes after most. */
  bias?: boolean;
  /** What the kernel is drawn from; He's normal distribution by fan-out, by default. */
  kernel?: KernelDistribution;
  /** Whether the first output channels begin as the input's, which their drawn kernels give way to; `false` by default. */
  passesInput?: boolean;
}

/** A distribution around 0. */
export interface KernelDistribution {
  readonly shape: 'normal' | 'uniform';
  readonly deviation: number;
}

/** PyTorch's `eps`, and 1 minus PyTorch's `momentum`. */
export interface NormOptions {
  /** 1e-5 by default. */
  epsilon?: number;
  /** 0.9 by default. */
  momentum?: number;
  /** Whether it multiplies each channel by a weight; `true` by default. */
  scale?: boolean;
}

export interface PoolOptions {
  /** 3 by default. */
  kernelSize?: number;
  /** 2 by default. */
  stride?: number;
  /** Pixels a side; 1 by default. */
  padding?: number;
  /** Whether rows and columns at the end that fill no window have one all the same: PyTorch's `ceil_mode`. */
  coversEdge?: boolean;
}

/** Options of a linear layer. */
export interface LinearOptions {
  /** As many as the model has classes, by default. */
  units?: number;
  /** What the kernel is drawn from; PyTorch's uniform distribution by fan-in, by default. */
  kernel?: KernelDistribution;
  /** `true` by default. */
  bias?: boolean;
}

const ACTIVATIONS = {
  relu: (name: string) => tf.layers.reLU({ name }),
  relu6: (name: string) => tf.layers.reLU({ name, maxValue: 6 }),
  hardSwish: (name: string) => new HardSwish({ name }),
  silu: (name: string) => tf.layers.activation({ name, activation: 'swish' }),
  gelu: (name: string) => tf.layers.activation({ name, activation: 'gelu' }),
} as const;

export type ActivationName = keyof typeof ACTIVATIONS;

/** The output of a stage, as a detector or a segmenter takes it. */
export interface Feature {
  /** The PyTorch module that puts it out. */
  readonly module: string;
  readonly output: tf.SymbolicTensor;
}

/**
 * The layers that the families share, under the names that the caller gives: those of the PyTorch modules.
 *
 * Initial weights are torchvision's: kernels He-normal by fan-out, norms 1 and 0, the classifier uniform by fan-in.
 * Batch norm is PyTorch's default too: epsilon 1e-5, and a momentum of 0.9 where PyTorch says 0.1 of the same thing.
 * Every layer draws from its own seed.
 */
export class ModelBuilder {
  /** The images, `[batch, height, width, channels]`. */
  readonly image: tf.SymbolicTensor;
  /** What the family marked by {@link feature}, in the order of the forward pass. */
  readonly features: Feature[] = [];
  /** Whether any batch norm was made. */
  hasNorms = false;

  constructor(private readonly options: ResolvedOptions) {
    this.image = tf.input({ shape: [...options.inputShape], name: 'input' });
  }

  /** How many logits the model is to put out. */
  get numClasses(): number {
    return this.options.numClasses;
  }

  conv(x: tf.SymbolicTensor, name: string, options: ConvOptions): tf.SymbolicTensor {
    const { filters, kernelSize = 3, stride = 1, groups = 1, bias = false } = options;
    const layer = groupedConv2D({
      name,
      filters,
      kernelSize,
      strides: stride,
      // By default a number a side, not 'same', which pads only the end where the stride is 2, unlike PyTorch.
      padding: options.padding ?? (this.options.padType === 'same' ? 'same' : (kernelSize - 1) / 2),
      groups,
      useBias: bias,
      implementation: this.options.implementation,
      kernelInitializer: options.kernel
        ? this.drawnFrom(options.kernel, name)
        : this.heNormal(name, kernelSize, filters),
    });
    const y = this.apply(layer, x);
    if (options.passesInput === true && this.options.initialise) passInput(layer);
    return y;
  }

  /** Batch norm over the channels. */
  norm(x: tf.SymbolicTensor, name: string, options: NormOptions = {}): tf.SymbolicTensor {
    const { momentum = 0.9, scale = true } = options;
    const epsilon = this.options.normEpsilon ?? options.epsilon ?? 1e-5;
    this.hasNorms = true;
    // The stock layer cannot be trained without a scale.
    const create = scale ? tf.layers.batchNormalization : batchNormalization;
    return this.apply(create({ name, epsilon, momentum, scale }), x);
  }

  activation(x: tf.SymbolicTensor, name: string, activation: ActivationName): tf.SymbolicTensor {
    return this.apply(ACTIVATIONS[activation](name), x);
  }

  relu(x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
    return this.activation(x, name, 'relu');
  }

  /** ReLU that stops at 6. */
  relu6(x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
    return this.activation(x, name, 'relu6');
  }

  add(branch: tf.SymbolicTensor, shortcut: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
    return this.apply(tf.layers.add({ name }), [branch, shortcut]);
  }

  /** All channels of each, in order. */
  concat(parts: tf.SymbolicTensor[], name: string): tf.SymbolicTensor {
    return this.apply(tf.layers.concatenate({ name, axis: -1 }), parts);
  }

  /** `size` channels from `begin`. */
  channelSlice(x: tf.SymbolicTensor, name: string, begin: number, size: number): tf.SymbolicTensor {
    return this.apply(channelSlice({ name, begin, size }), x);
  }

  /** Interleaves the channels of `groups` groups. */
  channelShuffle(x: tf.SymbolicTensor, name: string, groups: number): tf.SymbolicTensor {
    return this.apply(new ChannelShuffle({ name, groups }), x);
  }

  /** Squeeze and excitation. */
  squeezeExcite(
    x: tf.SymbolicTensor,
    name: string,
    options: Pick<SqueezeExciteArgs, 'squeezeChannels' | 'activation' | 'gate'>,
  ): tf.SymbolicTensor {
    const channels = x.shape[3] as number;
    const kernelInitializer = this.heNormal(name, 1, channels);
    return this.apply(new SqueezeExcite({ name, ...options, kernelInitializer }), x);
  }

  /**
   * Drops the branch `x` of whole images in training at `dropPathRate` times `depth`, which grows from 0 at the first
   * block to 1 at the last; no layer where that is 0.
   */
  dropPath(x: tf.SymbolicTensor, name: string, depth: number): tf.SymbolicTensor {
    const rate = this.options.dropPathRate * depth;
    return rate === 0 ? x : this.apply(new DropPath({ name, rate }), x);
  }

  /** The largest of each window. Pads with zeros, so `x` must be one that is never negative: what a ReLU put out. */
  maxPool(x: tf.SymbolicTensor, name: string, options: PoolOptions = {}): tf.SymbolicTensor {
    const { kernelSize = 3, stride = 2, padding = 1, coversEdge = false } = options;
    const sides = x.shape.slice(1, 3).map((length): [number, number] => {
      const beyond = coversEdge ? uncovered((length as number) + 2 * padding, kernelSize, stride) : 0;
      return [padding, padding + beyond];
    });
    const padded = sides.flat().every((zeros) => zeros === 0)
      ? x
      : this.apply(
          tf.layers.zeroPadding2d({
            name: `${name}.pad`,
            padding: sides as [[number, number], [number, number]],
          }),
          x,
        );
    return this.apply(tf.layers.maxPooling2d({ name, poolSize: kernelSize, strides: stride }), padded);
  }

  /** The average of each square of `size` pixels; rows and columns that fill none are left out, as PyTorch does. */
  averagePool(x: tf.SymbolicTensor, name: string, size = 2): tf.SymbolicTensor {
    return this.apply(tf.layers.averagePooling2d({ name, poolSize: size, strides: size }), x);
  }

  /** Normalises the channels of each position by themselves. */
  layerNorm(x: tf.SymbolicTensor, name: string, epsilon = 1e-6): tf.SymbolicTensor {
    return this.apply(tf.layers.layerNormalization({ name, epsilon }), x);
  }

  /** Multiplies each channel by a weight that starts at `initialValue`. */
  layerScale(x: tf.SymbolicTensor, name: string, initialValue = 1e-6): tf.SymbolicTensor {
    return this.apply(new LayerScale({ name, initialValue }), x);
  }

  /** Multiplies every element by `scale`. */
  rescale(x: tf.SymbolicTensor, name: string, scale: number): tf.SymbolicTensor {
    return this.apply(tf.layers.rescaling({ name, scale, offset: 0 }), x);
  }

  /** All elements of an image along one axis. */
  flatten(x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
    return this.apply(tf.layers.flatten({ name }), x);
  }

  /** Marks the output of a stage, which `features: true` makes an output of the model, and returns it. */
  feature(x: tf.SymbolicTensor, module: string): tf.SymbolicTensor {
    this.features.push({ module, output: x });
    return x;
  }

  /** The average over all positions, `[batch, channels]`. */
  globalPool(x: tf.SymbolicTensor, name = 'avgpool'): tf.SymbolicTensor {
    return this.apply(tf.layers.globalAveragePooling2d({ name }), x);
  }

  /** The largest over all positions, `[batch, 1, 1, channels]`. */
  globalMaxPool(x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
    const poolSize = x.shape.slice(1, 3) as [number, number];
    return this.apply(tf.layers.maxPooling2d({ name, poolSize, strides: poolSize }), x);
  }

  /** Dropout at the model's `dropRate`; no layer where that is 0. */
  dropout(x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
    const { dropRate } = this.options;
    // Without a seed of its own, with which a tfjs layer would drop the same features in every step. Our training loop
    // gives it a new one each step.
    return dropRate === 0 ? x : this.apply(tf.layers.dropout({ name, rate: dropRate }), x);
  }

  /** A linear layer of the last axis. */
  linear(x: tf.SymbolicTensor, name: string, options: LinearOptions = {}): tf.SymbolicTensor {
    const { units = this.numClasses, bias: useBias = true } = options;
    // PyTorch's Linear: uniform within 1 / sqrt(fan-in), whose variance is a third of 1 / fan-in.
    const deviation = Math.sqrt(1 / (3 * (x.shape.at(-1) as number)));
    const { kernel = { shape: 'uniform', deviation } } = options;
    const kernelInitializer = this.drawnFrom(kernel, name);
    return this.apply(tf.layers.dense({ name, units, useBias, kernelInitializer }), x);
  }

  /** Global average pooling, dropout where the model has any, and the linear layer `name`: the logits. */
  classifier(x: tf.SymbolicTensor, name: string, dropoutName = 'dropout'): tf.SymbolicTensor {
    return this.linear(this.dropout(this.globalPool(x), dropoutName), name);
  }

  private apply(layer: tf.layers.Layer, x: tf.SymbolicTensor | tf.SymbolicTensor[]): tf.SymbolicTensor {
    layer.setFastWeightInitDuringBuild(!this.options.initialise);
    return layer.apply(x) as tf.SymbolicTensor;
  }

  private drawnFrom({ shape, deviation }: KernelDistribution, name: string) {
    const seed = this.seedOf(name);
    if (shape === 'normal') return tf.initializers.randomNormal({ stddev: deviation, seed });
    // From -limit to limit, the deviation is limit / sqrt(3).
    const limit = deviation * Math.sqrt(3);
    return tf.initializers.randomUniform({ minval: -limit, maxval: limit, seed });
  }

  private heNormal(name: string, kernelSize: number, filters: number) {
    return tf.initializers.randomNormal({
      // He's deviation for one output channel's fan, whatever the groups: PyTorch's fan_out counts all filters.
      stddev: Math.sqrt(2 / (kernelSize * kernelSize * filters)),
      seed: this.seedOf(name),
    });
  }

  /** None where the model has none. */
  private seedOf(name: string): number | undefined {
    return this.options.seed === undefined ? undefined : layerSeed(this.options.seed, name);
  }
}

/** Makes each of the first output channels of a built convolution of one group the input channel of its place. */
function passInput(layer: tf.layers.Layer): void {
  const [kernel, ...others] = layer.getWeights();
  const [height, width, channels, filters] = kernel.shape as [number, number, number, number];
  const values = kernel.dataSync<'float32'>().slice();
  const centre = (height >> 1) * width + (width >> 1);
  for (let filter = 0; filter < Math.min(channels, filters); filter++) {
    for (let i = filter; i < values.length; i += filters) values[i] = 0;
    values[(centre * channels + filter) * filters + filter] = 1;
  }
  tf.tidy(() => layer.setWeights([tf.tensor(values, kernel.shape), ...others]));
}

/** Pixels that the last of the windows that cover `length` pixels reaches beyond them. */
function uncovered(length: number, kernelSize: number, stride: number): number {
  const windows = Math.max(1, Math.ceil((length - kernelSize) / stride) + 1);
  return (windows - 1) * stride + kernelSize - length;
}

import * as tf from '@tensorflow/tfjs';
import { groupedConv2D } from '../src/layers/grouped-conv2d';
import { layerSeed } from './layer-seed';
import { type ResolvedOptions } from './model-options';

/** A convolution of the zoo: square, and padded so that a stride of 1 keeps the size. */
export interface ConvOptions {
  filters: number;
  /** 3 by default. */
  kernelSize?: number;
  /** 1 by default. */
  stride?: number;
  /** 1 by default. */
  groups?: number;
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

  constructor(private readonly options: ResolvedOptions) {
    this.image = tf.input({ shape: [...options.inputShape], name: 'input' });
  }

  /** A convolution without bias. */
  conv(x: tf.SymbolicTensor, name: string, options: ConvOptions): tf.SymbolicTensor {
    const { filters, kernelSize = 3, stride = 1, groups = 1 } = options;
    const layer = groupedConv2D({
      name,
      filters,
      kernelSize,
      strides: stride,
      // A number a side, not 'same', which pads only the end where the stride is 2, unlike PyTorch.
      padding: (kernelSize - 1) / 2,
      groups,
      useBias: false,
      implementation: this.options.implementation,
      // He's deviation for one output channel's fan, whatever the groups: PyTorch's fan_out counts all filters.
      kernelInitializer: tf.initializers.randomNormal({
        stddev: Math.sqrt(2 / (kernelSize * kernelSize * filters)),
        seed: this.seedOf(name),
      }),
    });
    return this.apply(layer, x);
  }

  /** Batch norm over the channels. */
  norm(x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
    return this.apply(tf.layers.batchNormalization({ name, epsilon: 1e-5, momentum: 0.9 }), x);
  }

  relu(x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
    return this.apply(tf.layers.reLU({ name }), x);
  }

  /** ReLU that stops at 6. */
  relu6(x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
    return this.apply(tf.layers.reLU({ name, maxValue: 6 }), x);
  }

  add(branch: tf.SymbolicTensor, shortcut: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
    return this.apply(tf.layers.add({ name }), [branch, shortcut]);
  }

  /** Global average pooling, dropout where the model has any, and the linear layer `name`: the logits. */
  classifier(x: tf.SymbolicTensor, name: string, dropoutName = 'dropout'): tf.SymbolicTensor {
    const { numClasses, dropRate } = this.options;
    let features = this.apply(tf.layers.globalAveragePooling2d({ name: 'avgpool' }), x);
    if (dropRate > 0) {
      // Without a seed of its own, with which a tfjs layer would drop the same features in every step. Our training
      // loop gives it a new one each step.
      features = this.apply(tf.layers.dropout({ name: dropoutName, rate: dropRate }), features);
    }
    const linear = tf.layers.dense({
      name,
      units: numClasses,
      kernelInitializer: tf.initializers.varianceScaling({
        // PyTorch's Linear: uniform within 1 / sqrt(fan-in), whose variance is a third of 1 / fan-in.
        scale: 1 / 3,
        mode: 'fanIn',
        distribution: 'uniform',
        seed: this.seedOf(name) as number,
      }),
    });
    return this.apply(linear, features);
  }

  private apply(layer: tf.layers.Layer, x: tf.SymbolicTensor | tf.SymbolicTensor[]): tf.SymbolicTensor {
    layer.setFastWeightInitDuringBuild(!this.options.initialise);
    return layer.apply(x) as tf.SymbolicTensor;
  }

  private seedOf(layerName: string): number | undefined {
    return this.options.seed === undefined ? undefined : layerSeed(this.options.seed, layerName);
  }
}

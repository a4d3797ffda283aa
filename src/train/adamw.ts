import * as tf from '@tensorflow/tfjs';

import type { Optimizer, Parameter } from './optimizer';
import { OptimizerSlots } from './optimizer-slots';
import type { NamedArrays } from './train-state';

export interface AdamWOptions {
  /** Share of the decayed parameters that a step at rate 1 takes off, apart from the gradient. */
  readonly weightDecay: number;
  /** Decay of the mean of the gradients; default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of the squared gradients; default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment; default 1e-8. */
  readonly epsilon?: number;
}

/**
 * AdamW by the formulas and defaults of PyTorch's: moments corrected for their zero start, weight decay decoupled.
 *
 * Loshchilov & Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
 */
export class AdamW implements Optimizer {
  private readonly slots: OptimizerSlots<'mean' | 'square'>;
  private readonly beta1: number;
  private readonly beta2: number;
  private readonly epsilon: number;
  private steps = 0;

  constructor(
    private readonly parameters: readonly Parameter[],
    private readonly options: AdamWOptions,
  ) {
    this.slots = new OptimizerSlots(['mean', 'square'], parameters);
    ({ beta1: this.beta1 = 0.9, beta2: this.beta2 = 0.999, epsilon: this.epsilon = 1e-8 } = options);
  }

  step(gradients: ReadonlyMap<string, tf.Tensor>, learningRate: number): void {
    this.steps++;
    const meanCorrection = 1 - this.beta1 ** this.steps;
    const squareCorrection = 1 - this.beta2 ** this.steps;
    tf.tidy(() => {
      const rate = tf.scalar(learningRate / meanCorrection);
      const rootCorrection = tf.scalar(Math.sqrt(squareCorrection));
      const shrink = tf.scalar(1 - learningRate * this.options.weightDecay);
      const meanShare = tf.scalar(1 - this.beta1);
      const squareShare = tf.scalar(1 - this.beta2);
      const beta2 = tf.scalar(this.beta2);
      const epsilon = tf.scalar(this.epsilon);
      for (const { name, variable, decayed } of this.parameters) {
        const gradient = gradients.get(name);
        if (gradient === undefined) continue;
        const mean = this.slots.get('mean', name);
        const square = this.slots.get('square', name);
        mean.assign(tf.add(mean, tf.mul(tf.sub(gradient, mean), meanShare)));
        square.assign(tf.add(tf.mul(square, beta2), tf.mul(tf.square(gradient), squareShare)));
        const scale = tf.add(tf.div(tf.sqrt(square), rootCorrection), epsilon);
        const isDecayed = decayed && this.options.weightDecay > 0;
        const start = isDecayed ? tf.mul(variable, shrink) : variable;
        variable.assign(tf.sub(start, tf.mul(tf.div(mean, scale), rate)));
      }
    });
  }

  state(): ReadonlyMap<string, NamedArrays> {
    return this.slots.state();
  }

  restore(state: ReadonlyMap<string, NamedArrays>, steps: number): void {
    this.slots.restore(state);
    this.steps = steps;
  }

  dispose(): void {
    this.slots.dispose();
  }
}

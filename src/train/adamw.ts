import * as tf from '@tensorflow/tfjs';

import { adamWUpdate } from '../ops/adamw-update';
import { mul, sharedScalars } from '../ops/untaped';
import type { Optimizer, Parameter } from './optimizer';
import { OptimizerSlots } from './optimizer-slots';
import type { NamedArrays } from './train-state';
import { assignParts, join, updateGroups } from './update-groups';

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
  private readonly groups: readonly Parameter[][];
  private readonly beta1: number;
  private readonly beta2: number;
  private readonly epsilon: number;
  private steps = 0;

  constructor(
    parameters: readonly Parameter[],
    private readonly options: AdamWOptions,
  ) {
    this.groups = updateGroups(parameters);
    this.slots = new OptimizerSlots(['mean', 'square'], parameters);
    ({ beta1: this.beta1 = 0.9, beta2: this.beta2 = 0.999, epsilon: this.epsilon = 1e-8 } = options);
  }

  settings(learningRate: number): number[] {
    this.steps++;
    const meanCorrection = 1 - this.beta1 ** this.steps;
    const squareCorrection = 1 - this.beta2 ** this.steps;
    const shrink = 1 - learningRate * this.options.weightDecay;
    return [learningRate / meanCorrection, Math.sqrt(squareCorrection), shrink];
  }

  step(
    gradients: ReadonlyMap<string, tf.Tensor>,
    [rate, rootCorrection, shrink]: readonly tf.Tensor[],
  ): void {
    tf.tidy(() => {
      const scalar = sharedScalars();
      for (const group of this.groups) {
        const moved = group.filter(({ name }) => gradients.has(name));
        if (moved.length === 0) continue;
        const variables = moved.map(({ variable }) => variable);
        const means = moved.map(({ name }) => this.slots.get('mean', name));
        const squares = moved.map(({ name }) => this.slots.get('square', name));
        const { decayed, rateScale } = moved[0];
        const [weights, mean, meanSquare] = adamWUpdate(
          {
            weights: join(variables),
            gradient: join(moved.map(({ name }) => gradients.get(name) as tf.Tensor)),
            mean: join(means),
            meanSquare: join(squares),
            rate: rateScale === 1 ? rate : mul(rate, scalar(rateScale)),
            rootCorrection,
            shrink: decayed && this.options.weightDecay > 0 ? shrink : undefined,
          },
          { beta1: this.beta1, beta2: this.beta2, epsilon: this.epsilon },
          scalar,
        );
        assignParts(variables, weights);
        assignParts(means, mean);
        assignParts(squares, meanSquare);
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

import * as tf from '@tensorflow/tfjs';

import type { Optimizer, Parameter } from './optimizer';
import { OptimizerSlots } from './optimizer-slots';
import type { NamedArrays } from './train-state';

export interface SgdOptions {
  /** From 0, which is plain gradient descent, to below 1. */
  readonly momentum: number;
  /** L2 penalty, added to the gradient of decayed parameters. */
  readonly weightDecay: number;
}

/**
 * Stochastic gradient descent with Nesterov momentum, by the formulas of PyTorch's `SGD(nesterov=True)`:
 * `d = g + decay·w; v = momentum·v + d; w = w - rate·(d + momentum·v)`.
 *
 * Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, in PyTorch's form,
 * where the learning rate scales the velocity when it is applied and not when it is gathered.
 */
export class Sgd implements Optimizer {
  private readonly slots: OptimizerSlots<'momentum'>;

  constructor(
    private readonly parameters: readonly Parameter[],
    private readonly options: SgdOptions,
  ) {
    this.slots = new OptimizerSlots(options.momentum > 0 ? ['momentum'] : [], parameters);
  }

  step(gradients: ReadonlyMap<string, tf.Tensor>, learningRate: number): void {
    tf.tidy(() => {
      // Shared by all parameters: a number given to an op would be uploaded anew each time.
      const rate = tf.scalar(learningRate);
      const momentum = tf.scalar(this.options.momentum);
      const decay = tf.scalar(this.options.weightDecay);
      for (const { name, variable, decayed } of this.parameters) {
        const gradient = gradients.get(name);
        if (gradient === undefined) continue;
        const isDecayed = decayed && this.options.weightDecay > 0;
        const pull = isDecayed ? tf.add(gradient, tf.mul(variable, decay)) : gradient;
        variable.assign(tf.sub(variable, tf.mul(this.direction(name, pull, momentum), rate)));
      }
    });
  }

  private direction(name: string, pull: tf.Tensor, momentum: tf.Scalar): tf.Tensor {
    if (this.options.momentum === 0) return pull;
    const velocity = this.slots.get('momentum', name);
    velocity.assign(tf.add(tf.mul(velocity, momentum), pull));
    return tf.add(pull, tf.mul(velocity, momentum));
  }

  state(): ReadonlyMap<string, NamedArrays> {
    return this.slots.state();
  }

  restore(state: ReadonlyMap<string, NamedArrays>): void {
    this.slots.restore(state);
  }

  dispose(): void {
    this.slots.dispose();
  }
}

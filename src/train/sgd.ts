import * as tf from '@tensorflow/tfjs';

import { add, mul, sub } from '../ops/untaped';
import type { Optimizer, Parameter } from './optimizer';
import { OptimizerSlots } from './optimizer-slots';
import type { NamedArrays } from './train-state';
import { assignParts, join, updateGroups } from './update-groups';

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
  private readonly groups: readonly Parameter[][];

  constructor(
    parameters: readonly Parameter[],
    private readonly options: SgdOptions,
  ) {
    this.groups = updateGroups(parameters);
    this.slots = new OptimizerSlots(options.momentum > 0 ? ['momentum'] : [], parameters);
  }

  settings(learningRate: number): number[] {
    return [learningRate];
  }

  step(gradients: ReadonlyMap<string, tf.Tensor>, [rate]: readonly tf.Tensor[]): void {
    tf.tidy(() => {
      // Shared by all parameters: a number given to an op would be uploaded anew each time.
      const scalars = new Map<number, tf.Scalar>();
      const scalar = (value: number): tf.Scalar => {
        const there = scalars.get(value) ?? tf.scalar(value);
        scalars.set(value, there);
        return there;
      };
      const momentum = scalar(this.options.momentum);
      for (const group of this.groups) {
        const moved = group.filter(({ name }) => gradients.has(name));
        if (moved.length === 0) continue;
        const weights = join(moved.map(({ variable }) => variable));
        const gradient = join(moved.map(({ name }) => gradients.get(name) as tf.Tensor));
        const { decayed, rateScale } = moved[0];
        const decay = decayed ? this.options.weightDecay / rateScale : 0;
        const pull = decay > 0 ? add(gradient, mul(weights, scalar(decay))) : gradient;
        const own = rateScale === 1 ? rate : mul(rate, scalar(rateScale));
        assignParts(
          moved.map(({ variable }) => variable),
          sub(weights, mul(this.direction(moved, pull, momentum), own)),
        );
      }
    });
  }

  private direction(moved: readonly Parameter[], pull: tf.Tensor, momentum: tf.Tensor): tf.Tensor {
    if (this.options.momentum === 0) return pull;
    const slots = moved.map(({ name }) => this.slots.get('momentum', name));
    const velocity = add(mul(join(slots), momentum), pull);
    assignParts(slots, velocity);
    return add(pull, mul(velocity, momentum));
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

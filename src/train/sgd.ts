import * as tf from '@tensorflow/tfjs';

import { sgdUpdate } from '../ops/sgd-update';
import { mul, sharedScalars } from '../ops/untaped';
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
      const scalar = sharedScalars();
      for (const group of this.groups) {
        const moved = group.filter(({ name }) => gradients.has(name));
        if (moved.length === 0) continue;
        const variables = moved.map(({ variable }) => variable);
        const slots =
          this.options.momentum > 0 ? moved.map(({ name }) => this.slots.get('momentum', name)) : [];
        const { decayed, rateScale } = moved[0];
        const [weights, velocity] = sgdUpdate(
          {
            weights: join(variables),
            gradient: join(moved.map(({ name }) => gradients.get(name) as tf.Tensor)),
            velocity: slots.length > 0 ? join(slots) : undefined,
            rate: rateScale === 1 ? rate : mul(rate, scalar(rateScale)),
          },
          { momentum: this.options.momentum, decay: decayed ? this.options.weightDecay / rateScale : 0 },
          scalar,
        );
        assignParts(variables, weights);
        if (slots.length > 0) assignParts(slots, velocity);
      }
    });
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

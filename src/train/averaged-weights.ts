import * as tf from '@tensorflow/tfjs';

import { add, mul, sub } from '../ops/untaped';
import type { NamedArrays } from './train-state';
import { readArrays } from './weights';
import { writeArrays } from './write-weights';

/** A second set of a model's weights, batch-norm statistics included, that follows the first. */
export class AveragedWeights {
  private readonly averages: ReadonlyMap<string, tf.Variable>;

  /** @param weights the variables to follow, by weight name; the average starts from their values */
  constructor(private readonly weights: ReadonlyMap<string, tf.Variable>) {
    this.averages = new Map(
      [...weights].map(([name, weight]) => [name, tf.tidy(() => tf.variable(weight.clone(), false))]),
    );
  }

  /** `average += share·(weight - average)`, with a scalar. */
  update(share: tf.Tensor): void {
    tf.tidy(() => {
      for (const [name, average] of this.averages) {
        const weight = this.weights.get(name) as tf.Variable;
        average.assign(add(average, mul(sub(weight, average), share)));
      }
    });
  }

  /** Runs `work` while the model has the average as its weights, then gives it its own back. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const own = new Map([...this.weights].map(([name, weight]) => [name, weight.clone()]));
    this.apply();
    try {
      return await work();
    } finally {
      for (const [name, weight] of this.weights) weight.assign(own.get(name) as tf.Tensor);
      tf.dispose([...own.values()]);
    }
  }

  /** Makes the average the model's weights. */
  apply(): void {
    for (const [name, weight] of this.weights) weight.assign(this.averages.get(name) as tf.Variable);
  }

  state(): NamedArrays {
    return readArrays(this.averages);
  }

  restore(state: NamedArrays): void {
    writeArrays(this.averages, state);
  }

  dispose(): void {
    for (const average of this.averages.values()) average.dispose();
  }
}

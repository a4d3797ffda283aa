import * as tf from '@tensorflow/tfjs';

import { CardinalError } from '../errors';
import type { Parameter } from './optimizer';
import type { NamedArrays } from './train-state';
import { readArrays } from './weights';
import { writeArrays } from './write-weights';

/** What an optimiser remembers of each parameter: named slots of the parameter's shape, zero at first. */
export class OptimizerSlots<Slot extends string> {
  private readonly slots: ReadonlyMap<Slot, ReadonlyMap<string, tf.Variable>>;

  constructor(names: readonly Slot[], parameters: readonly Parameter[]) {
    this.slots = new Map(
      names.map((slot) => [
        slot,
        new Map(
          parameters.map(({ name, variable }) => [
            name,
            tf.tidy(() => tf.variable(tf.zeros(variable.shape), false)),
          ]),
        ),
      ]),
    );
  }

  get(slot: Slot, parameter: string): tf.Variable {
    const variable = this.slots.get(slot)?.get(parameter);
    if (variable === undefined) throw new Error(`no slot ${slot} of ${parameter}`);
    return variable;
  }

  state(): ReadonlyMap<string, NamedArrays> {
    return new Map([...this.slots].map(([slot, variables]) => [slot, readArrays(variables)]));
  }

  restore(state: ReadonlyMap<string, NamedArrays>): void {
    const [own, given] = [[...this.slots.keys()].sort().join(', '), [...state.keys()].sort().join(', ')];
    if (own !== given) {
      throw new CardinalError(
        `the state is of another optimiser: it holds '${given}' where '${own}' belongs`,
      );
    }
    for (const [slot, variables] of this.slots) writeArrays(variables, state.get(slot) ?? new Map());
  }

  dispose(): void {
    for (const variables of this.slots.values()) {
      for (const variable of variables.values()) variable.dispose();
    }
  }
}

import * as tf from '@tensorflow/tfjs';

import type { Parameter } from './optimizer';

// Most parameters of a convolutional network are short vectors (two a batch norm), whose update costs a call per
// operation and next to no arithmetic. End to end they make one vector, and an update one call per operation for all.

/** The parameters that an update takes together: vectors that are moved alike, joined; each other on its own. */
export function updateGroups(parameters: readonly Parameter[]): Parameter[][] {
  const vectors = new Map<string, Parameter[]>();
  const others: Parameter[][] = [];
  for (const parameter of parameters) {
    const { variable, decayed, rateScale } = parameter;
    if (variable.rank !== 1) others.push([parameter]);
    else {
      const key = `${rateScale} ${decayed}`;
      vectors.set(key, [...(vectors.get(key) ?? []), parameter]);
    }
  }
  return [...others, ...vectors.values()];
}

/** Vectors end to end; a single tensor of any shape as it is. */
export function join(tensors: readonly tf.Tensor[]): tf.Tensor {
  return tensors.length === 1 ? tensors[0] : tf.concat([...tensors]);
}

/** Gives each variable its part of what was computed for all of {@link join}. */
export function assignParts(variables: readonly tf.Variable[], joined: tf.Tensor): void {
  if (variables.length === 1) return variables[0].assign(joined);
  const parts = tf.split(
    joined,
    variables.map(({ size }) => size),
  );
  variables.forEach((variable, i) => variable.assign(parts[i]));
}

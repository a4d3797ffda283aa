import type * as tf from '@tensorflow/tfjs';

import { CardinalError } from '../errors';
import type { Parameter } from './optimizer';
import type { NamedArrays, WeightArray } from './train-state';

/** A batch-norm scale or shift, or a bias: weights that decay would only harm. */
const SPARED = /(^|\/)(bias|gamma|beta)$/;

/**
 * The variables of a model by weight name, batch-norm statistics included.
 *
 * A name is `layer name/weight name` as the layer chose it, without the suffix that tfjs adds where an earlier model
 * of the process had the same layers.
 *
 * @throws CardinalError if two weights share a name
 */
export function weightVariables(model: tf.LayersModel): ReadonlyMap<string, tf.Variable> {
  return byName(model.weights);
}

/**
 * The weights that training moves, and how.
 *
 * @param normBiasScale factor on the learning rate of the shifts of batch norm, which decay where it is not 1
 */
export function trainableParameters(model: tf.LayersModel, { normBiasScale = 1 } = {}): Parameter[] {
  const shifts = new Set(normBiasScale === 1 ? [] : batchNormShifts(model.layers));
  return [...byName(model.trainableWeights)].map(([name, variable]) => ({
    name,
    variable,
    decayed: shifts.has(name) || (variable.rank > 1 && !SPARED.test(name)),
    rateScale: shifts.has(name) ? normBiasScale : 1,
  }));
}

function batchNormShifts(layers: readonly tf.layers.Layer[]): string[] {
  return layers.flatMap((layer) => {
    if ('layers' in layer) return batchNormShifts((layer as tf.LayersModel).layers);
    if (layer.getClassName() !== 'BatchNormalization') return [];
    return layer.weights.map(({ originalName }) => originalName).filter((name) => /(^|\/)beta$/.test(name));
  });
}

function byName(weights: readonly tf.LayerVariable[]): ReadonlyMap<string, tf.Variable> {
  const variables = new Map<string, tf.Variable>();
  for (const weight of weights) {
    const name = weight.originalName;
    if (variables.has(name)) throw new CardinalError(`the model has two weights of the name ${name}`);
    variables.set(name, weight.read() as tf.Variable);
  }
  return variables;
}

/** Copies of tensors, off the backend. */
export function readArrays(tensors: ReadonlyMap<string, tf.Tensor>): NamedArrays {
  const arrays = new Map<string, WeightArray>();
  for (const [name, tensor] of tensors) {
    arrays.set(name, { shape: tensor.shape.slice(), data: Float32Array.from(tensor.dataSync()) });
  }
  return arrays;
}

/** Copies of all weights of a model, batch-norm statistics included, by weight name. */
export function readWeights(model: tf.LayersModel): NamedArrays {
  return readArrays(weightVariables(model));
}

/** A readable sentence on how `arrays` do not fit `variables`, or `undefined` where they do. */
export function mismatch(
  variables: ReadonlyMap<string, tf.Tensor>,
  arrays: ReadonlyMap<string, Pick<WeightArray, 'shape'>>,
): string | undefined {
  for (const [name, { shape }] of variables) {
    const array = arrays.get(name);
    if (array === undefined) return `${name} is missing`;
    if (array.shape.join() !== shape.join()) {
      return `${name} has shape [${array.shape.join(', ')}] where the model has [${shape.join(', ')}]`;
    }
  }
  const surplus = [...arrays.keys()].find((name) => !variables.has(name));
  return surplus === undefined ? undefined : `${surplus} is not in the model`;
}

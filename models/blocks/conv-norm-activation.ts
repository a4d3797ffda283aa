import type * as tf from '@tensorflow/tfjs';
import { type ActivationName, type ConvOptions, type ModelBuilder, type NormOptions } from '../model-builder';

/** A convolution and what comes after it. */
export interface ConvNormActivation extends ConvOptions {
  /** PyTorch's defaults where it is left out. */
  norm?: NormOptions;
  /** None where it is left out. */
  activation?: ActivationName;
}

/** Convolution, batch norm and an activation under `name.0`, `name.1` and `name.2`, as torchvision has them. */
export function convNormActivation(
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  name: string,
  options: ConvNormActivation,
): tf.SymbolicTensor {
  return inNamedModules(b, x, [`${name}.0`, `${name}.1`, `${name}.2`], options);
}

/** The same three under names of their own. */
export function inNamedModules(
  b: ModelBuilder,
  x: tf.SymbolicTensor,
  [convName, normName, activationName]: readonly string[],
  { norm, activation, ...conv }: ConvNormActivation,
): tf.SymbolicTensor {
  const y = b.norm(b.conv(x, convName, conv), normName, norm);
  return activation === undefined ? y : b.activation(y, activationName, activation);
}

import * as tf from '@tensorflow/tfjs';
import { shortest } from './onnx-convolutions';
import type { LayerWeights, Value } from './onnx-layers';
import { valueOf, type NodeScope, type Operators } from './onnx-scope';
import { floats, type Constant } from './onnx-tensors';
import { swapped } from './onnx-constants';

export const PRODUCT_OPERATORS: Operators = {
  Gemm: (scope) => {
    const { attributes } = scope;
    if (attributes.number('transA', 0) !== 0) throw scope.fails('it transposes what is computed');
    const weight = scope.constant(1);
    const kernel =
      attributes.number('transB', 0) === 0 || weight.dims.length !== 2 ? weight : swapped(weight);
    return linear(
      scope,
      kernel,
      scope.optionalConstant(2),
      attributes.number('alpha', 1),
      attributes.number('beta', 1),
    );
  },

  MatMul: (scope) => linear(scope, scope.constant(1), scope.optionalConstant(2), 1, 1),

  LayerNormalization: (scope) => {
    const value = scope.value(0);
    const rank = value.view.file.length;
    const axis = scope.axis(scope.attributes.number('axis', -1), rank);
    if (axis !== rank - 1) throw scope.fails(`only the last axis is supported. Received: ${axis} of ${rank}`);
    const { order, x } = inOrder(scope, value);
    const channels = x.shape[axis] as number;
    const weights = [1, 2].map((index) => {
      const constant = scope.optionalConstant(index);
      if (constant !== undefined && constant.data.length !== channels) {
        throw scope.fails(
          `its input ${index} has the shape [${constant.dims.join(', ')}] for ${channels} channels`,
        );
      }
      return constant && { shape: [channels], data: floats(constant) };
    });
    const [gamma, beta] = weights;
    const layer = tf.layers.layerNormalization({
      name: scope.unique(1),
      axis: -1,
      epsilon: shortest(scope.attributes.number('epsilon', 1e-5)),
      center: beta !== undefined,
    });
    const given = { gamma, ...(beta && { beta }) } as LayerWeights;
    return valueOf(scope.apply(layer, x, given), order);
  },
};

/** A product with a matrix `[in, out]` along the last axis. */
function linear(
  scope: NodeScope,
  kernel: Constant,
  bias: Constant | undefined,
  alpha: number,
  beta: number,
): Value {
  const { order, x } = inOrder(scope, scope.value(0));
  const features = x.shape.at(-1) as number;
  if (kernel.dims.length !== 2 || kernel.dims[0] !== features) {
    throw scope.fails(`its weight [${kernel.dims.join(', ')}] does not fit ${features} features`);
  }
  const units = kernel.dims[1];
  if (bias !== undefined && bias.data.length !== units && bias.data.length !== 1) {
    throw scope.fails(`its bias [${bias.dims.join(', ')}] does not fit ${units} units`);
  }
  const terms =
    bias &&
    Float32Array.from({ length: units }, (_, unit) => beta * bias.data[bias.data.length === 1 ? 0 : unit]);
  const weights: LayerWeights = {
    kernel: {
      shape: kernel.dims,
      data: alpha === 1 ? floats(kernel) : floats(kernel).map((value) => alpha * value),
    },
    ...(terms && { bias: { shape: [units], data: terms } }),
  };
  const make = () => tf.layers.dense({ name: scope.unique(1), units, useBias: terms !== undefined });
  const transB = scope.attributes.number('transB', 0);
  return valueOf(scope.applyShared([1, 2], { units, transB, alpha, beta }, make, x, weights), order);
}

/** With the file's axes as they are. */
function inOrder(scope: NodeScope, value: Value): { order: number[]; x: tf.SymbolicTensor } {
  const order = value.view.file.map((_, axis) => axis);
  return { order, x: scope.arrange(value, order).x };
}

import * as tf from '@tensorflow/tfjs';
import { operated } from './onnx-arithmetic';
import { repeated, sizeOf, transposedConstant, withRank } from './onnx-arrays';
import { shortest } from './onnx-convolutions';
import type { LayerWeights, Value } from './onnx-layers';
import { lengthsOf, valueOf, type NodeScope, type Operators } from './onnx-scope';
import { ELEMENT, floats, type Constant } from './onnx-tensors';

export const PRODUCT_OPERATORS: Operators = {
  Gemm: (scope) => {
    const { attributes } = scope;
    if (attributes.number('transA', 0) !== 0) throw scope.fails('it transposes what is computed');
    const rank = scope.value(0).view.file.length;
    if (rank !== 2) throw scope.fails(`only vectors, of 2 axes, are supported. Received: ${rank} axes`);
    const weight = scope.constant(1);
    const isTransposed = attributes.number('transB', 0) !== 0 && weight.dims.length === 2;
    return linear(scope, isTransposed ? transposedConstant(weight, [1, 0]) : weight, {
      alpha: attributes.number('alpha', 1),
      beta: attributes.number('beta', 1),
      isTransposed,
    });
  },

  MatMul: (scope) => (scope.isConstant(0) ? fromLeft(scope) : linear(scope, scope.constant(1))),

  LayerNormalization: (scope) => {
    const stash = scope.attributes.number('stash_type', ELEMENT.float32);
    if (stash !== ELEMENT.float32)
      throw scope.fails(`its stash_type is ${stash}, where only float32 (1) is computed`);
    const value = scope.value(0);
    const rank = value.view.file.length;
    const axis = scope.axis(scope.attributes.number('axis', -1), rank);
    const lengths = lengthsOf(value);
    const normal = lengths.slice(axis - 1);
    const features = sizeOf(normal);
    const [gamma, beta] = [1, 2].map((index) => {
      const constant = scope.optionalConstant(index);
      if (constant === undefined) return undefined;
      // Aligned at the end, a constant may leave out axes and lengths; one that varies beyond the normalised axes fits nowhere.
      const whole = withRank(constant.dims, rank);
      const fits =
        whole.length === rank &&
        whole.slice(0, axis).every((length) => length === 1) &&
        whole.slice(axis).every((length, own) => length === 1 || length === normal[own]);
      if (!fits) {
        throw scope.fails(
          `its input ${index} has the shape [${constant.dims.join(', ')}] where [${normal.join(', ')}] is normalised`,
        );
      }
      return { shape: [features], data: floats(repeated({ ...constant, dims: whole.slice(axis) }, normal)) };
    });
    const layer = tf.layers.layerNormalization({
      name: scope.unique(1),
      axis: -1,
      epsilon: shortest(scope.attributes.number('epsilon', 1e-5)),
      scale: gamma !== undefined,
      center: beta !== undefined,
    });
    const given = { ...(gamma && { gamma }), ...(beta && { beta }) };
    // The axes that are normalised together as one.
    const merged =
      normal.length === 1 ? value : scope.regroup(value, [...lengths.slice(0, axis - 1), features]);
    const made = scope.along(merged, axis, layer, given);
    return normal.length === 1 ? made : scope.regroup(made, lengths);
  },
};

/** A product with a matrix `[in, out]`, or a vector, along the last axis, to which the third input is added. */
function linear(
  scope: NodeScope,
  weight: Constant,
  {
    alpha = 1,
    beta = 1,
    isTransposed = false,
  }: { alpha?: number; beta?: number; isTransposed?: boolean } = {},
): Value {
  const value = scope.value(0);
  const { order, x } = inOrder(scope, value);
  const features = x.shape.at(-1) as number;
  const isVector = weight.dims.length === 1;
  const kernel = isVector ? { ...weight, dims: [...weight.dims, 1] } : weight;
  if (kernel.dims.length !== 2 || kernel.dims[0] !== features || order.length < 2) {
    throw scope.fails(`its weight [${weight.dims.join(', ')}] does not fit ${features} features`);
  }
  const units = kernel.dims[1];
  const bias = scope.optionalConstant(2);
  const lengths = [...lengthsOf(value).slice(0, -1), units];
  // One number for each unit is the layer's own bias; what varies along other axes is added afterwards.
  const isOwn =
    bias?.dims.at(-1) === units && sizeOf(bias.dims) === units && bias.dims.length <= order.length;
  const isEqual = bias?.data.length === 1 && bias.dims.length <= order.length;
  const terms =
    bias && (isOwn || isEqual)
      ? Float32Array.from({ length: units }, (_, unit) => beta * bias.data[isEqual ? 0 : unit])
      : undefined;
  const weights: LayerWeights = {
    kernel: {
      shape: kernel.dims,
      data: alpha === 1 ? floats(kernel) : floats(kernel).map((factor) => alpha * factor),
    },
    ...(terms && { bias: { shape: [units], data: terms } }),
  };
  const make = () => tf.layers.dense({ name: scope.unique(1), units, useBias: terms !== undefined });
  const options = { units, isTransposed, alpha, beta, isVector, isOwn, isEqual };
  const product = valueOf(scope.applyShared([1, 2], options, make, x, weights), order);
  const made = isVector ? scope.regroup(product, lengths.slice(0, -1)) : product;
  if (bias === undefined || terms !== undefined) return made;
  return operated(scope, 'add', made, { ...bias, data: bias.data.map((term) => beta * term) });
}

/** A product with a matrix `[out, in]` that stands first: along the last axis but one. */
function fromLeft(scope: NodeScope): Value {
  const [weight, value] = [scope.constant(0), scope.value(1)];
  const rank = value.view.file.length;
  const axis = rank - 2;
  const order = scope.orderWithLast(value, scope.axis(axis, rank));
  const { x } = scope.arrange(value, order);
  const features = x.shape.at(-1) as number;
  if (weight.dims.length !== 2 || weight.dims[1] !== features)
    throw scope.fails(`its weight [${weight.dims.join(', ')}] does not fit ${features} features`);
  const kernel = transposedConstant(weight, [1, 0]);
  const units = kernel.dims[1];
  const layer = tf.layers.dense({ name: scope.unique(0), units, useBias: false });
  const made = scope.apply(layer, x, { kernel: { shape: kernel.dims, data: floats(kernel) } });
  return valueOf(made, order);
}

/** With the file's axes as they are. */
function inOrder(scope: NodeScope, value: Value): { order: number[]; x: tf.SymbolicTensor } {
  const order = value.view.file.map((_, axis) => axis);
  return { order, x: scope.arrange(value, order).x };
}

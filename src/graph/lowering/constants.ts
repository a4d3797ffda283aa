import type { Weight } from '../graph';
import type { LayerScope, Lowering, Lowerings, Value } from './lowering';

/** A factor and an offset for each element, as those of channels of which there are as many. */
const constantOperand: Lowering = (scope, [x]) => {
  const { scale, shift } = factorsOf(scope, x);
  const [, ...lengths] = x.shape;
  const count = lengths.reduce((product, length) => product * length, 1);
  if (scale.shape[0] === lengths.at(-1)) return scope.add({ op: 'affine', scale, shift }, [x], x.shape);
  const flat = scope.add({ op: 'reshape' }, [x], [null, count]);
  const made = scope.add({ op: 'affine', scale, shift }, [flat], flat.shape);
  return scope.add({ op: 'reshape' }, [made], x.shape);
};

/** By channel where the constant varies along the channels alone, by element otherwise. */
function factorsOf(scope: LayerScope, x: Value): { scale: Weight; shift: Weight } {
  const operation = scope.option<string>('operation');
  const isFirst = scope.option<boolean>('constantFirst');
  const { shape, data } = scope.requiredWeight('constant');
  const [, ...lengths] = x.shape;
  const own = [...new Array<number>(Math.max(0, lengths.length - shape.length)).fill(1), ...shape].slice(
    -lengths.length,
  );
  if (own.some((length, axis) => length > lengths[axis]))
    throw scope.cannot('its constant repeats its input');
  const isByChannel = own.slice(0, -1).every((length) => length === 1);
  const dims = isByChannel ? lengths.slice(-1) : lengths;
  const constant = repeated(data, isByChannel ? own.slice(-1) : own, dims);
  const filled = (value: number) => constant.map(() => value);
  const weights = (scale: Float32Array, shift: Float32Array) => ({
    scale: { shape: [scale.length], data: scale },
    shift: { shape: [shift.length], data: shift },
  });
  switch (operation) {
    case 'add':
      return weights(filled(1), constant);
    case 'multiply':
      return weights(constant, filled(0));
    case 'subtract':
      return isFirst
        ? weights(filled(-1), constant)
        : weights(
            filled(1),
            constant.map((value) => -value),
          );
    case 'divide':
      if (!isFirst)
        return weights(
          constant.map((value) => 1 / value),
          filled(0),
        );
  }
  throw scope.cannot(`its operation is ${operation}${isFirst ? ' with the constant first' : ''}`);
}

/** Row-major values of `own` lengths, those of 1 repeated to `dims`. */
function repeated(data: Float32Array, own: readonly number[], dims: readonly number[]): Float32Array {
  const count = dims.reduce((product, length) => product * length, 1);
  return Float32Array.from({ length: count }, (_, index) => {
    let [place, stride, rest] = [0, 1, index];
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const position = rest % dims[axis];
      rest = (rest - position) / dims[axis];
      if (own[axis] !== 1) place += position * stride;
      stride *= own[axis];
    }
    return data[place];
  });
}

export const CONSTANT_LOWERINGS: Lowerings = { ConstantOperand: constantOperand };

import type { ElementFunction } from '../graph/graph';
import { FLOAT } from './tensorflow-nodes';
import type { TensorflowScope } from './tensorflow-scope';

const BY_NAME = {
  relu: 'Relu',
  relu6: 'Relu6',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  softplus: 'Softplus',
  softmax: 'Softmax',
} as const;

/** Adds a function of each element, by operations that TensorFlow and tfjs both have. */
export function addFunction(scope: TensorflowScope, which: ElementFunction, x: string): string {
  switch (which.name) {
    case 'gelu': {
      const scaled = scope.part('scaled', 'Mul', [x, scope.scalar('root_half', Math.SQRT1_2)]);
      const shifted = scope.part('shifted', 'AddV2', [
        scope.part('erf', 'Erf', [scaled]),
        scope.scalar('one', 1),
      ]);
      return scope.last('Mul', [scope.part('halved', 'Mul', [x, scope.scalar('half', 0.5)]), shifted]);
    }
    case 'silu':
      return scope.last('Mul', [x, scope.part('sigmoid', 'Sigmoid', [x])]);
    case 'hardSwish':
      return scope.last('Mul', [
        x,
        sixths(scope, scope.part('shifted', 'AddV2', [x, scope.scalar('three', 3)])),
      ]);
    case 'hardSigmoid': {
      // Between 0 and 1 is a sixth of between 0 and 6, which has an operation.
      const scaled = scope.part('scaled', 'Mul', [x, scope.scalar('alpha', 6 * which.alpha)]);
      const shifted = scope.part('shifted', 'AddV2', [scaled, scope.scalar('beta', 6 * which.beta)]);
      const clipped = scope.part('clipped', 'Relu6', [shifted]);
      return scope.last('Mul', [clipped, scope.scalar('sixth', 1 / 6)]);
    }
    case 'leakyRelu':
      return scope.last('LeakyRelu', [x], { T: FLOAT, alpha: { float: which.alpha } });
    case 'elu': {
      if (which.alpha === 1) return scope.last('Elu', [x]);
      // TensorFlow's has an alpha of 1: what it gives is positive where this is.
      const curved = scope.part('elu', 'Elu', [x]);
      const bent = scope.part('bent', 'Mul', [curved, scope.scalar('alpha', which.alpha)]);
      const straight = scope.part('relu', 'Relu', [x]);
      const rest = scope.part('rest', 'Mul', [straight, scope.scalar('rest_of_alpha', 1 - which.alpha)]);
      return scope.last('AddV2', [bent, rest]);
    }
    default:
      return scope.last(BY_NAME[which.name], [x]);
  }
}

function sixths(scope: TensorflowScope, x: string): string {
  return scope.part('gate', 'Mul', [scope.part('clipped', 'Relu6', [x]), scope.scalar('sixth', 1 / 6)]);
}

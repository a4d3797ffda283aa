import type { ElementFunction } from '../graph';
import type { LayerScope, Lowering, Lowerings, Value } from './lowering';

/** PyTorch's, and Keras 3's. */
export const HARD_SIGMOID: ElementFunction = { name: 'hardSigmoid', alpha: 1 / 6, beta: 0.5 };

/** By the names that tfjs saves activations under; `linear` is none. */
const BY_NAME: Readonly<Record<string, ElementFunction>> = {
  relu: { name: 'relu' },
  relu6: { name: 'relu6' },
  sigmoid: { name: 'sigmoid' },
  tanh: { name: 'tanh' },
  softplus: { name: 'softplus' },
  softmax: { name: 'softmax' },
  gelu: { name: 'gelu' },
  swish: { name: 'silu' },
  elu: { name: 'elu', alpha: 1 },
  // tfjs's is Keras 2's.
  hard_sigmoid: { name: 'hardSigmoid', alpha: 0.2, beta: 0.5 },
  hardSigmoid: { name: 'hardSigmoid', alpha: 0.2, beta: 0.5 },
  // Keras 3's, which src/layers/keras-activations.ts registers.
  hardSigmoid3: HARD_SIGMOID,
  hardSilu: { name: 'hardSwish' },
};

/** What the `activation` option of a layer does to its output. */
export function activate(scope: LayerScope, value: Value, activation: unknown): Value {
  if (activation == null || activation === 'linear') return value;
  const name = nameOf(activation);
  if (name === 'linear') return value;
  if (name === undefined || !Object.hasOwn(BY_NAME, name)) {
    throw scope.cannot(`its activation is ${name ?? 'no saved one'}`);
  }
  return scope.add({ op: 'activation', function: BY_NAME[name] }, [value], value.shape);
}

function nameOf(activation: unknown): string | undefined {
  if (typeof activation === 'string') return activation;
  const { className, class_name } = activation as { className?: string; class_name?: string };
  return className ?? class_name;
}

function elementwise(functionOf: (scope: LayerScope, x: Value) => ElementFunction): Lowering {
  return (scope, [x]) => scope.add({ op: 'activation', function: functionOf(scope, x) }, [x], x.shape);
}

function relu(scope: LayerScope): ElementFunction {
  // tfjs's has no threshold and no slope below 0, whatever its options say.
  const maxValue = scope.option<number | null | undefined>('maxValue');
  if (maxValue == null) return { name: 'relu' };
  if (maxValue === 6) return { name: 'relu6' };
  throw scope.cannot(`it stops at ${String(maxValue)}, not at 6`);
}

function softmax(scope: LayerScope, { shape }: Value): ElementFunction {
  const axes = [scope.option<number | number[]>('axis')].flat();
  const isLast = axes.length === 1 && (axes[0] === -1 || axes[0] === shape.length - 1);
  if (!isLast) throw scope.cannot(`its axis is ${axes.join(', ')}, not the last`);
  return { name: 'softmax' };
}

export const ACTIVATION_LOWERINGS: Lowerings = {
  Activation: (scope, [x]) => activate(scope, x, scope.option('activation')),
  ReLU: elementwise(relu),
  LeakyReLU: elementwise((scope) => ({ name: 'leakyRelu', alpha: scope.option<number>('alpha') })),
  ELU: elementwise((scope) => ({ name: 'elu', alpha: scope.option<number>('alpha') })),
  Softmax: elementwise(softmax),
  HardSwish: elementwise(() => ({ name: 'hardSwish' })),
};

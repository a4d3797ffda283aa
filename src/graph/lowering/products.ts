import type { ElementFunction, Shape, Weight } from '../graph';
import { activate, HARD_SIGMOID } from './activations';
import { imageShape, type Lowering, type Lowerings, type Value } from './lowering';

const dense: Lowering = (scope, [x]) => {
  const kernel = scope.requiredWeight('kernel');
  const shape = [...x.shape.slice(0, -1), kernel.shape[1]] as unknown as Shape;
  const product = scope.add({ op: 'linear', kernel, bias: scope.weight('bias') }, [x], shape);
  return activate(scope, product, scope.option('activation'));
};

const INNER: Readonly<Record<string, ElementFunction>> = { relu: { name: 'relu' }, silu: { name: 'silu' } };
const GATES: Readonly<Record<string, ElementFunction>> = {
  sigmoid: { name: 'sigmoid' },
  hardSigmoid: HARD_SIGMOID,
};

/** Averages, a product, an activation, a product, a gate, and the input times the gates. */
const squeezeExcite: Lowering = (scope, [x]) => {
  const [, , channels] = imageShape(scope, x);
  const product = (name: string, value: Value): Value => {
    const { shape, data } = scope.requiredWeight(`${name}/kernel`);
    const [from, to] = shape.slice(2);
    const kernel: Weight = { shape: [from, to], data };
    return scope.add(
      { op: 'linear', kernel, bias: scope.requiredWeight(`${name}/bias`) },
      [value],
      [null, to],
    );
  };
  const apply = (table: typeof INNER, option: string, value: Value): Value =>
    scope.add({ op: 'activation', function: table[scope.option<string>(option)] }, [value], value.shape);
  const averages = scope.add({ op: 'globalAverage', keepsAxes: false }, [x], [null, channels]);
  const squeezed = apply(INNER, 'activation', product('fc1', averages));
  const gates = apply(GATES, 'gate', product('fc2', squeezed));
  const perChannel = scope.add({ op: 'reshape' }, [gates], [null, 1, 1, channels]);
  return scope.add({ op: 'multiply' }, [x, perChannel], x.shape);
};

export const PRODUCT_LOWERINGS: Lowerings = { Dense: dense, SqueezeExcite: squeezeExcite };

import type { Shape } from '../graph';
import type { LayerScope, Lowering, Lowerings, Value } from './lowering';

/** One after the other, two at a time. */
function merged(op: 'add' | 'multiply'): Lowering {
  return (scope, [first, ...others]) =>
    others.reduce((sum, value) => scope.add({ op }, [sum, value], broadcast(scope, sum, value)), first);
}

function broadcast(scope: LayerScope, a: Value, b: Value): Shape {
  if (a.shape.length !== b.shape.length) throw scope.cannot('it merges values of different ranks');
  const [, ...lengths] = a.shape.map((length, axis) => Math.max(length ?? 0, b.shape[axis] ?? 0));
  return [null, ...lengths];
}

const concatenate: Lowering = (scope, inputs) => {
  const rank = inputs[0].shape.length;
  const axis = scope.option<number | undefined>('axis') ?? -1;
  if (axis !== -1 && axis !== rank - 1)
    throw scope.cannot(`it concatenates along axis ${axis}, not the last`);
  const channels = inputs.reduce((sum, { shape }) => sum + (shape.at(-1) as number), 0);
  const shape = [...inputs[0].shape.slice(0, -1), channels] as unknown as Shape;
  return scope.add({ op: 'concat' }, inputs, shape);
};

export const MERGE_LOWERINGS: Lowerings = {
  Add: merged('add'),
  Multiply: merged('multiply'),
  Concatenate: concatenate,
};

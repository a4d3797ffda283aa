import { lengthsOf, type NodeScope, type Operators } from './onnx-scope';
import type { Value } from './onnx-layers';
import { movesTo, transposed, usualOrder } from './onnx-view';

/** Operators that move no element: those of a value's axes. */
export const SHAPE_OPERATORS: Operators = {
  Transpose: (scope) => {
    const value = scope.value(0);
    const rank = value.view.file.length;
    const axes =
      scope.attributes.numbers('perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
    const isPermutation = [...axes].sort((a, b) => a - b).every((axis, index) => axis === index);
    if (axes.length !== rank || !isPermutation)
      throw scope.fails(`[${axes.join(', ')}] is no order of ${rank} axes`);
    if (axes[0] !== 0) throw scope.fails('it moves the batch');
    return { ...value, view: transposed(value.view, axes) };
  },

  Reshape: (scope) => {
    const value = scope.value(0);
    const grouped = scope.regroup(value, targetLengths(scope, value));
    // A channel shuffle ends here; later every reader would have its own.
    const order = usualOrder(grouped.view.file.length);
    const [move, ...others] = movesTo(grouped.view, order);
    return move?.kind === 'shuffle' && others.length === 0 ? scope.arrange(grouped, order) : grouped;
  },

  Flatten: (scope) => {
    const value = scope.value(0);
    const lengths = lengthsOf(value);
    const rank = lengths.length + 1;
    const given = scope.attributes.number('axis', 1);
    const axis = given < 0 ? given + rank : given;
    // What comes before the axis is one length, which must be the batch's alone.
    const before = lengths.slice(0, Math.max(0, axis - 1));
    if (!(axis >= 1 && axis <= rank) || before.some((length) => length !== 1))
      throw scope.fails(
        `an axis of ${given} would flatten the batch of [batch, ${lengths.join(', ')}] with others`,
      );
    return scope.regroup(value, [lengths.reduce((product, length) => product * length, 1)]);
  },

  Squeeze: (scope) => {
    const value = scope.value(0);
    const lengths = lengthsOf(value);
    const axes = scope.integers(1, 'axes')?.map((axis) => scope.axis(axis, lengths.length + 1));
    if (axes === undefined && scope.batch === 1) {
      throw scope.fails(
        'without axes it takes the batch of 1 away too, which is free here: name the axes, or export with a free batch',
      );
    }
    const isGone = (length: number, index: number) => axes?.includes(index + 1) ?? length === 1;
    return scope.regroup(
      value,
      lengths.filter((length, index) => !isGone(length, index)),
    );
  },

  Unsqueeze: (scope) => {
    const value = scope.value(0);
    const lengths = lengthsOf(value);
    const given = scope.integers(1, 'axes') ?? [];
    const rank = lengths.length + 1 + given.length;
    const axes = given.map((axis) => scope.axis(axis, rank));
    const left = [...lengths];
    const target = Array.from({ length: rank - 1 }, (_, index) =>
      axes.includes(index + 1) ? 1 : (left.shift() as number),
    );
    return scope.regroup(value, target);
  },

  DepthToSpace: (scope) => {
    const size = scope.attributes.number('blocksize', 0);
    const mode = scope.attributes.text('mode', 'DCR');
    const { value, channels, height, width } = imageLengths(scope);
    const depth = channels / size ** 2;
    const isDepthFirst = mode === 'CRD';
    if (!Number.isInteger(depth) || (!isDepthFirst && mode !== 'DCR'))
      throw scope.fails(`${channels} channels are not made blocks of ${size} in the mode ${mode}`);
    const split = isDepthFirst ? [depth, size, size, height, width] : [size, size, depth, height, width];
    const order = isDepthFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
    return blocks(scope, value, split, order, [depth, height * size, width * size]);
  },

  SpaceToDepth: (scope) => {
    const size = scope.attributes.number('blocksize', 0);
    const { value, channels, height, width } = imageLengths(scope);
    const [rows, columns] = [height / size, width / size];
    if (!Number.isInteger(rows) || !Number.isInteger(columns))
      throw scope.fails(`${height} x ${width} pixels are not made blocks of ${size}`);
    const split = [channels, rows, size, columns, size];
    return blocks(scope, value, split, [0, 3, 5, 1, 2, 4], [channels * size ** 2, rows, columns]);
  },
};

function imageLengths(scope: NodeScope) {
  const value = scope.value(0);
  const lengths = lengthsOf(value);
  if (lengths.length !== 3)
    throw scope.fails(`only images, of 4 axes, are supported. Received: ${lengths.length + 1} axes`);
  const [channels, height, width] = lengths;
  return { value, channels, height, width };
}

/** Axes split, put in another order, and put together. */
function blocks(
  scope: NodeScope,
  value: Value,
  split: readonly number[],
  order: readonly number[],
  target: readonly number[],
): Value {
  const parts = scope.regroup(value, split);
  return scope.regroup({ ...parts, view: transposed(parts.view, order) }, target);
}
/** What a node reshapes to, without the batch, which must stay the first length. */
function targetLengths(scope: NodeScope, value: Value): number[] {
  const shape = scope.lengths(1);
  const current = lengthsOf(value);
  const total = current.reduce((product, length) => product * length, 1);
  const keepsZeros = scope.attributes.number('allowzero', 0) !== 0;
  const lengths = shape
    .slice(1)
    .map((length, index) => (length === 0 && !keepsZeros ? current[index] : length));
  const known = lengths.reduce((product, length) => (length === -1 ? product : product * length), 1);
  const open = lengths.filter((length) => length === -1).length;
  const filled = lengths.map((length) => (length === -1 ? total / known : length));
  const isWhole = filled.every((length) => Number.isSafeInteger(length) && length >= 1);
  const [first] = shape;
  // The batch: its length, a 0 that leaves it, a -1 where no other is open, or the length that the file was traced with.
  const isBatch = Number.isNaN(first) || (first === 0 && !keepsZeros) || first === scope.batch;
  const keepsBatch = shape.length > 0 && (isBatch || (first >= -1 && first !== 0 && open === 0));
  if (
    !keepsBatch ||
    open > 1 ||
    !isWhole ||
    filled.reduce((product, length) => product * length, 1) !== total
  ) {
    const wanted = shape.map((length) => (Number.isNaN(length) ? 'batch' : length)).join(', ');
    throw scope.fails(`[batch, ${current.join(', ')}] does not become [${wanted}] with the batch left alone`);
  }
  return filled;
}

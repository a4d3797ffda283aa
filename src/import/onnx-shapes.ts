import * as tf from '@tensorflow/tfjs';
import { channelSlice } from '../layers/channel-slice';
import type { Value } from './onnx-layers';
import { imageValue, lengthsOf, valueOf, type NodeScope, type Operators } from './onnx-scope';
import { movesTo, orderOf, transposed, usualOrder } from './onnx-view';

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
    const axis = scope.attributes.number('axis', 1);
    if (axis !== 1) throw scope.fails(`only an axis of 1 is supported. Received: ${axis}`);
    return scope.regroup(value, [lengthsOf(value).reduce((product, length) => product * length, 1)]);
  },

  Squeeze: (scope) => {
    const value = scope.value(0);
    const lengths = lengthsOf(value);
    const axes = scope.integers(1, 'axes')?.map((axis) => scope.axis(axis, lengths.length + 1));
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

  Concat: (scope) => {
    const values = Array.from({ length: scope.inputCount }, (_, index) => scope.value(index));
    const rank = values[0].view.file.length;
    const axis = scope.axis(scope.attributes.number('axis', 0), rank);
    if (values.some(({ view }) => view.file.length !== rank))
      throw scope.fails('its inputs have different numbers of axes');
    if (values.length === 1) return values[0];
    const order = orderOf(values[0].view) ?? usualOrder(rank);
    const tensors = values.map((value) => scope.arrange(value, order).x);
    const layer = tf.layers.concatenate({ name: scope.unique(), axis: order.indexOf(axis) });
    return valueOf(
      scope.apply(layer, tensors),
      order,
      values.every(({ isNeverNegative }) => isNeverNegative),
    );
  },

  Split: (scope) => {
    const value = scope.value(0);
    const axis = scope.axis(scope.attributes.number('axis', 0), value.view.file.length);
    const length = lengthsOf(value)[axis - 1];
    const count = scope.node.outputs.length;
    const even = Math.ceil(length / count);
    const sizes =
      scope.integers(1, 'split') ??
      Array.from({ length: count }, (_, index) => Math.max(0, Math.min(even, length - index * even)));
    if (sizes.length !== count || sizes.reduce((sum, size) => sum + size, 0) !== length) {
      throw scope.fails(`${length} positions are not split in ${count} of [${sizes.join(', ')}]`);
    }
    let begin = 0;
    return sizes.map((size, output) => {
      const start = begin;
      begin += size;
      return scope.isRead(output) ? sliced(scope, value, [{ axis, begin: start, size }]) : undefined;
    });
  },

  Slice: (scope) => {
    const value = scope.value(0);
    const rank = value.view.file.length;
    const [starts, ends] = [scope.constant(1).data, scope.constant(2).data];
    const axes = scope.integers(3, 'axes') ?? Array.from(starts, (_, index) => index);
    const steps = scope.integers(4, 'steps') ?? Array.from(starts, () => 1);
    if (steps.some((step) => step !== 1))
      throw scope.fails(`only steps of 1 are supported. Received: ${steps.join(', ')}`);
    const ranges: Range[] = [];
    axes.forEach((given, index) => {
      const isWhole = starts[index] === 0 && ends[index] >= 2 ** 31 - 1;
      if (isWhole) return;
      const axis = scope.axis(given, rank);
      const length = lengthsOf(value)[axis - 1];
      const within = (place: number) => Math.min(length, Math.max(0, place < 0 ? place + length : place));
      const [begin, end] = [within(starts[index]), within(ends[index])];
      if (!(end > begin))
        throw scope.fails(`nothing lies between ${starts[index]} and ${ends[index]} of ${length}`);
      ranges.push({ axis, begin, size: end - begin });
    });
    return sliced(scope, value, ranges);
  },

  Pad: (scope) => {
    const { isNeverNegative } = scope.value(0);
    const x = scope.image(0);
    const [pads, fill, axes] = [
      scope.constant(1).data,
      scope.optionalConstant(2)?.data[0] ?? 0,
      scope.optionalConstant(3),
    ];
    const mode = scope.attributes.text('mode', 'constant');
    const axisList =
      axes === undefined ? [0, 1, 2, 3] : Array.from(axes.data, (axis) => (axis < 0 ? axis + 4 : axis));
    const sides = [0, 1, 2, 3].map((axis): [number, number] => {
      const at = axisList.indexOf(axis);
      return at < 0 ? [0, 0] : [pads[at], pads[at + axisList.length]];
    });
    const isSupported =
      mode === 'constant' &&
      fill === 0 &&
      pads.length === 2 * axisList.length &&
      sides
        .slice(0, 2)
        .flat()
        .every((zeros) => zeros === 0) &&
      sides.flat().every((zeros) => Number.isSafeInteger(zeros) && zeros >= 0);
    if (!isSupported) {
      throw scope.fails(
        `only zeros around images are supported. Received: ${mode} ${fill}, pads [${[...pads].join(', ')}]`,
      );
    }
    const layer = tf.layers.zeroPadding2d({ name: scope.unique(), padding: [sides[2], sides[3]] });
    return imageValue(scope.apply(layer, x), isNeverNegative);
  },
};

/** `size` positions from `begin` along one of the file's axes. */
interface Range {
  readonly axis: number;
  readonly begin: number;
  readonly size: number;
}

/** Some positions along each of some axes: of those that lie as height and width at once, of others one by one. */
function sliced(scope: NodeScope, value: Value, ranges: readonly Range[]): Value {
  const lengths = lengthsOf(value);
  const order = orderOf(value.view) ?? [];
  const isSpatial = ({ axis }: Range): boolean => order.length === 4 && [1, 2].includes(order.indexOf(axis));
  const cut = ranges.filter(({ axis, begin, size }) => begin > 0 || size < lengths[axis - 1]);
  const spatial = cut.filter(isSpatial);
  const images = spatial.length === 0 ? value : cropped(scope, value, order, spatial);
  return cut.filter((range) => !isSpatial(range)).reduce((left, range) => part(scope, left, range), images);
}

/** Without what is beside `ranges` of height and width; `order` is that of the file's axes. */
function cropped(scope: NodeScope, value: Value, order: readonly number[], ranges: readonly Range[]): Value {
  const lengths = lengthsOf(value);
  const [rows, columns] = [1, 2].map((place): [number, number] => {
    const axis = order[place];
    const range = ranges.find((candidate) => candidate.axis === axis);
    return range === undefined ? [0, 0] : [range.begin, lengths[axis - 1] - range.begin - range.size];
  });
  const layer = tf.layers.cropping2D({ name: scope.unique(), cropping: [rows, columns] });
  return valueOf(scope.apply(layer, value.x), order, value.isNeverNegative);
}

/** Some positions along an axis, which comes to lie last for it. */
function part(scope: NodeScope, value: Value, { axis, begin, size }: Range): Value {
  const rank = value.view.file.length;
  const order = [orderOf(value.view), usualOrder(rank)].find((candidate) => candidate?.at(-1) === axis) ?? [
    ...Array.from({ length: rank }, (_, index) => index).filter((index) => index !== axis),
    axis,
  ];
  const { x } = scope.arrange(value, order);
  return valueOf(
    scope.apply(channelSlice({ name: scope.unique(), begin, size }), x),
    order,
    value.isNeverNegative,
  );
}

/** What a node reshapes to, without the batch, which must stay the first length. */
function targetLengths(scope: NodeScope, value: Value): number[] {
  const shape = scope.constant(1).data;
  const current = lengthsOf(value);
  const total = current.reduce((product, length) => product * length, 1);
  const keepsZeros = scope.attributes.number('allowzero', 0) !== 0;
  const lengths = Array.from(shape.slice(1), (length, index) =>
    length === 0 && !keepsZeros ? current[index] : length,
  );
  const known = lengths.reduce((product, length) => (length === -1 ? product : product * length), 1);
  const open = lengths.filter((length) => length === -1).length;
  const filled = lengths.map((length) => (length === -1 ? total / known : length));
  const isWhole = filled.every((length) => Number.isSafeInteger(length) && length >= 1);
  const [first] = shape;
  // The batch: whatever its length, none in particular, or that of the example that the model was traced with.
  const keepsBatch = shape.length > 0 && (Number.isNaN(first) || first >= -1) && (first !== -1 || open === 0);
  if (
    !keepsBatch ||
    open > 1 ||
    !isWhole ||
    filled.reduce((product, length) => product * length, 1) !== total
  ) {
    throw scope.fails(
      `[batch, ${current.join(', ')}] does not become [${Array.from(shape, (length) => (Number.isNaN(length) ? 'batch' : length)).join(', ')}] with the batch left alone`,
    );
  }
  return filled;
}

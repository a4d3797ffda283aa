import * as tf from '@tensorflow/tfjs';
import { channelSlice } from '../layers/channel-slice';
import { takePositions } from '../layers/take-positions';
import { evenly, padPositions, slicePositions } from './onnx-fold-places';
import type { Value } from './onnx-layers';
import { imageValue, lengthsOf, valueOf, type NodeScope, type Operators } from './onnx-scope';
import { orderOf, usualOrder } from './onnx-view';

/** Operators that take some positions of a value's axes, or more than there are. */
export const POSITION_OPERATORS: Operators = {
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
    const told = scope.attributes.number('num_outputs', count);
    if (told !== count) throw scope.fails(`its num_outputs are ${told} where it has ${count}`);
    const sizes = scope.integers(1, 'split') ?? evenly(length, count);
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
    const [starts, ends] = [scope.lengths(1), scope.lengths(2)];
    const axes = scope.integers(3, 'axes') ?? starts.map((_, index) => index);
    const steps = scope.integers(4, 'steps') ?? starts.map(() => 1);
    const ranges: Range[] = [];
    let left = value;
    axes.forEach((given, index) => {
      const [start, end, step] = [starts[index], ends[index], steps[index]];
      const isWhole = start === 0 && step === 1 && (Number.isNaN(end) || end >= 2 ** 31 - 1);
      if (isWhole) return;
      const axis = scope.axis(given, rank);
      const length = lengthsOf(value)[axis - 1];
      const positions = slicePositions(start, end, step, length);
      if (positions.length === 0) throw scope.fails(`nothing lies between ${start} and ${end} of ${length}`);
      if (step === 1) ranges.push({ axis, begin: positions[0], size: positions.length });
      else left = positionsOf(scope, left, axis, positions);
    });
    return sliced(scope, left, ranges);
  },

  Gather: (scope) => {
    const value = scope.value(0);
    const lengths = lengthsOf(value);
    const axis = scope.axis(scope.attributes.number('axis', 0), lengths.length + 1);
    const { dims, data } = scope.constant(1);
    const length = lengths[axis - 1];
    const positions = Array.from(data, (index) => (index < 0 ? index + length : index));
    const isRun = positions.every((position, index) => position === positions[0] + index);
    const fits = positions.length > 0 && positions.every((position) => position >= 0 && position < length);
    if (!fits) throw scope.fails(`[${[...data].join(', ')}] are no positions of ${length}`);
    const picked = isRun
      ? sliced(scope, value, [{ axis, begin: positions[0], size: positions.length }])
      : positionsOf(scope, value, axis, positions);
    return scope.regroup(picked, [...lengths.slice(0, axis - 1), ...dims, ...lengths.slice(axis)]);
  },

  Expand: (scope) => {
    const value = scope.value(0);
    const lengths = lengthsOf(value);
    const shape = scope.lengths(1);
    const given = [...new Array<number>(Math.max(0, lengths.length + 1 - shape.length)).fill(1), ...shape];
    const isBatch = Number.isNaN(given[0]) || given[0] === 1 || given[0] === scope.batch;
    if (given.length !== lengths.length + 1 || !isBatch)
      throw scope.fails(
        `[batch, ${lengths.join(', ')}] does not become [${shape.join(', ')}] with the batch left alone`,
      );
    return given.slice(1).reduce((left, length, index) => {
      if (length === 1 || length === lengths[index]) return left;
      if (lengths[index] !== 1)
        throw scope.fails(`${lengths[index]} positions are not repeated to ${length}`);
      return positionsOf(scope, left, index + 1, new Array<number>(length).fill(0));
    }, value);
  },

  Tile: (scope) => {
    const value = scope.value(0);
    const lengths = lengthsOf(value);
    const [batch, ...repeats] = scope.constant(1).data;
    if (batch !== 1) throw scope.fails('it repeats the batch');
    return repeats.reduce((left, times, index) => {
      if (times === 1) return left;
      const length = lengths[index];
      return positionsOf(
        scope,
        left,
        index + 1,
        Array.from({ length: length * times }, (_, at) => at % length),
      );
    }, value);
  },

  Pad: (scope) => {
    const value = scope.value(0);
    const lengths = lengthsOf(value);
    const rank = lengths.length + 1;
    const pads = scope.constant(1).data;
    const fill = scope.optionalConstant(2)?.data[0] ?? 0;
    const given = scope.optionalConstant(3)?.data;
    const mode = scope.attributes.text('mode', 'constant');
    const axes = Array.from(given ?? lengths.keys(), (axis) => (axis < 0 ? axis + rank : axis));
    if (given === undefined) axes.push(lengths.length);
    if (pads.length !== 2 * axes.length)
      throw scope.fails(`its pads are [${[...pads].join(', ')}] for ${axes.length} axes`);
    const sides = new Map<number, [before: number, after: number]>();
    axes.forEach((axis, at) => {
      const [before, after] = [pads[at], pads[at + axes.length]];
      if (before !== 0 || after !== 0) sides.set(scope.axis(axis, rank), [before, after]);
    });
    const isZeros = mode === 'constant' && fill === 0;
    const areAround = [...sides.values()].flat().every((pixels) => pixels >= 0);
    if (rank === 4 && isZeros && areAround && !sides.has(1)) {
      const padding: [[number, number], [number, number]] = [sides.get(2) ?? [0, 0], sides.get(3) ?? [0, 0]];
      const layer = tf.layers.zeroPadding2d({ name: scope.unique(), padding });
      return imageValue(scope.apply(layer, scope.image(0)), value.isNeverNegative);
    }
    const isNeverNegative = value.isNeverNegative && fill >= 0;
    const padded = [...sides].reduce((left, [axis, [before, after]]) => {
      const positions = padPositions(lengths[axis - 1], before, after, mode);
      return positionsOf(scope, left, axis, positions, fill);
    }, value);
    return { ...padded, isNeverNegative };
  },
};

/** Any positions along one of the file's axes; -1 stands for what is filled in. */
function positionsOf(
  scope: NodeScope,
  value: Value,
  axis: number,
  positions: ArrayLike<number>,
  fill = 0,
): Value {
  const order = orderOf(value.view) ?? usualOrder(value.view.file.length);
  const { x } = scope.arrange(value, order);
  const layer = takePositions({
    name: scope.unique(),
    axis: order.indexOf(axis),
    positions: Array.from(positions),
    fill,
  });
  return valueOf(scope.apply(layer, x), order, value.isNeverNegative);
}

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

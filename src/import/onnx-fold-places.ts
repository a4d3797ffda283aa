import { axisOf, checkSize, counted, pickedAt, places, sizeOf, stridesOf, taken } from './onnx-arrays';
import { needed, type Evaluators } from './onnx-evaluator';
import { NotFolded } from './onnx-error';
import { constantOf, ELEMENT, type Constant } from './onnx-tensors';

/** Operators that take elements from places, or put them there. */
export const PLACE_EVALUATORS: Evaluators = {
  Concat: ({ inputs, attributes }) => {
    const parts = inputs.map((_, index) => needed(inputs, index));
    return joined(parts, axisOf(attributes.number('axis', 0), parts[0].dims.length));
  },
  Split: ({ inputs, attributes, outputCount }) => {
    const x = needed(inputs, 0);
    const axis = axisOf(attributes.number('axis', 0), x.dims.length);
    const count = attributes.number('num_outputs', outputCount);
    const sizes = inputs[1]?.constant?.data ?? evenly(x.dims[axis], count);
    if (sizes.length !== outputCount)
      throw new NotFolded(`${sizes.length} parts do not go to ${outputCount} outputs`);
    let begin = 0;
    return Array.from(sizes, (size) => {
      const positions = counted(size, 1, begin);
      begin += size;
      return taken(x, along(x, axis, positions));
    });
  },
  Slice: ({ inputs }) => {
    const [x, starts, ends] = [0, 1, 2].map((index) => needed(inputs, index));
    const axes = inputs[3]?.constant?.data ?? counted(starts.data.length);
    const steps = inputs[4]?.constant?.data ?? new Float64Array(starts.data.length).fill(1);
    const rows: ArrayLike<number>[] = x.dims.map((length) => counted(length));
    axes.forEach((given, index) => {
      const axis = axisOf(given, x.dims.length);
      rows[axis] = slicePositions(starts.data[index], ends.data[index], steps[index], x.dims[axis]);
    });
    return taken(x, rows);
  },
  Gather: ({ inputs, attributes }) => {
    const [x, indices] = [needed(inputs, 0), needed(inputs, 1)];
    const axis = axisOf(attributes.number('axis', 0), x.dims.length);
    const picked = taken(x, along(x, axis, within(indices.data, x.dims[axis])));
    return { ...picked, dims: [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)] };
  },
  GatherElements: ({ inputs, attributes }) => {
    const [x, indices] = [needed(inputs, 0), needed(inputs, 1)];
    const axis = axisOf(attributes.number('axis', 0), x.dims.length);
    return pickedAt(x, indices.dims, elementPlaces(x.dims, indices, axis));
  },
  GatherND: ({ inputs, attributes }) => {
    const [x, indices] = [needed(inputs, 0), needed(inputs, 1)];
    if (attributes.number('batch_dims', 0) !== 0) throw new NotFolded('its batch_dims are not 0');
    const depth = indices.dims.at(-1) ?? 0;
    const inner = x.dims.slice(depth);
    const dims = [...indices.dims.slice(0, -1), ...inner];
    checkSize(dims, [x]);
    return pickedAt(x, dims, places([blockPlaces(x.dims, indices), counted(sizeOf(inner))]));
  },
  ScatterND: ({ inputs, attributes }) => {
    const [x, indices, updates] = [0, 1, 2].map((index) => needed(inputs, index));
    const inner = sizeOf(x.dims.slice(indices.dims.at(-1) ?? 0));
    return scattered(
      x,
      places([blockPlaces(x.dims, indices), counted(inner)]),
      updates,
      attributes.text('reduction', 'none'),
    );
  },
  ScatterElements: ({ inputs, attributes }) => {
    const [x, indices, updates] = [0, 1, 2].map((index) => needed(inputs, index));
    const axis = axisOf(attributes.number('axis', 0), x.dims.length);
    return scattered(x, elementPlaces(x.dims, indices, axis), updates, attributes.text('reduction', 'none'));
  },
  Tile: ({ inputs }) => {
    const [x, repeats] = [needed(inputs, 0), needed(inputs, 1)];
    const rows = x.dims.map((length, axis) =>
      Array.from({ length: length * repeats.data[axis] }, (_, at) => at % length),
    );
    return taken(x, rows);
  },
  Pad: ({ inputs, attributes }) => {
    const [x, pads] = [needed(inputs, 0), needed(inputs, 1)];
    const rank = x.dims.length;
    const axes = Array.from(inputs[3]?.constant?.data ?? counted(rank), (axis) => axisOf(axis, rank));
    const mode = attributes.text('mode', 'constant');
    const rows = x.dims.map((length, axis) => {
      const at = axes.indexOf(axis);
      const [before, after] = at < 0 ? [0, 0] : [pads.data[at], pads.data[at + axes.length]];
      return padPositions(length, before, after, mode);
    });
    return filled(x, rows, inputs[2]?.constant?.data[0] ?? 0);
  },
  Trilu: ({ inputs, attributes }) => {
    const x = needed(inputs, 0);
    const isUpper = attributes.number('upper', 1) !== 0;
    const k = inputs[1]?.constant?.data[0] ?? 0;
    const [rows, columns] = x.dims.slice(-2);
    const values = x.data.map((value, at) => {
      const diagonal = (at % columns) - (Math.floor(at / columns) % rows) - k;
      return (isUpper ? diagonal >= 0 : diagonal <= 0) ? value : 0;
    });
    return constantOf(x.dims, values, x.type);
  },
  OneHot: ({ inputs, attributes }) => {
    const [indices, depth, values] = [0, 1, 2].map((index) => needed(inputs, index));
    const length = depth.data[0];
    const axis = axisOf(attributes.number('axis', -1), indices.dims.length + 1);
    const dims = [...indices.dims.slice(0, axis), length, ...indices.dims.slice(axis)];
    checkSize(dims, []);
    const inner = sizeOf(indices.dims.slice(axis));
    const result = constantOf(dims, new Float64Array(sizeOf(dims)).fill(values.data[0]), values.type);
    indices.data.forEach((given, at) => {
      const index = given < 0 ? given + length : given;
      const outer = Math.floor(at / inner);
      if (index >= 0 && index < length)
        result.data[(outer * length + index) * inner + (at % inner)] = values.data[1];
    });
    return result;
  },
  NonZero: ({ inputs }) => {
    const x = needed(inputs, 0);
    const strides = stridesOf(x.dims);
    const found = [...x.data.keys()].filter((at) => x.data[at] !== 0);
    const data = x.dims.flatMap((length, axis) => found.map((at) => Math.floor(at / strides[axis]) % length));
    return constantOf([x.dims.length, found.length], data, ELEMENT.int64);
  },
};

/** The positions of a slice along an axis of some length, as Python counts them. */
export function slicePositions(start: number, end: number, step: number, length: number): Float64Array {
  if (step === 0) throw new NotFolded('its step is 0');
  const [lowest, highest] = step > 0 ? [0, length] : [-1, length - 1];
  const place = (given: number) => Math.min(highest, Math.max(lowest, given < 0 ? given + length : given));
  return counted(Math.max(0, Math.ceil((place(end) - place(start)) / step)), step, place(start));
}

/**
 * Where each position of a padded axis comes from; −1 is nowhere.
 *
 * @throws NotFolded for a mode that is none
 */
export function padPositions(length: number, before: number, after: number, mode: string): number[] {
  const around = (at: number, cycle: number) => ((at % cycle) + cycle) % cycle;
  const from = (at: number): number => {
    if (at >= 0 && at < length) return at;
    switch (mode) {
      case 'constant':
        return -1;
      case 'edge':
        return at < 0 ? 0 : length - 1;
      case 'wrap':
        return around(at, length);
      case 'reflect': {
        const place = around(at, Math.max(1, 2 * length - 2));
        return place < length ? place : 2 * length - 2 - place;
      }
      default:
        throw new NotFolded(`its mode is ${mode}`);
    }
  };
  return Array.from({ length: Math.max(0, length + before + after) }, (_, at) => from(at - before));
}

/** As many positions in each of `count` parts, the last having fewer where they do not come out even. */
export function evenly(length: number, count: number): number[] {
  const even = Math.ceil(length / count);
  return Array.from({ length: count }, (_, part) => Math.max(0, Math.min(even, length - part * even)));
}

/** All positions of each axis, but of one axis those given. */
function along(x: Constant, axis: number, positions: ArrayLike<number>): ArrayLike<number>[] {
  return x.dims.map((length, own) => (own === axis ? positions : counted(length)));
}

/** Indices counted from the first. */
function within(indices: Constant['data'], length: number): number[] {
  return Array.from(indices, (given) => {
    const index = given < 0 ? given + length : given;
    if (!(index >= 0 && index < length)) throw new NotFolded(`there is no position ${given} of ${length}`);
    return index;
  });
}

function joined(parts: readonly Constant[], axis: number): Constant {
  const [{ dims, type }] = parts;
  const isFitting = parts.every(
    (part) =>
      part.dims.length === dims.length &&
      part.dims.every((length, own) => own === axis || length === dims[own]),
  );
  if (!isFitting)
    throw new NotFolded(
      `[${parts.map((part) => part.dims.join(', ')).join('] and [')}] are not joined along ${axis}`,
    );
  const length = parts.reduce((sum, part) => sum + part.dims[axis], 0);
  const whole = dims.map((own, at) => (at === axis ? length : own));
  checkSize(whole, parts);
  const result = constantOf(whole, new Float64Array(sizeOf(whole)), type);
  const inner = sizeOf(dims.slice(axis + 1));
  let begin = 0;
  for (const { dims: own, data } of parts) {
    const run = own[axis] * inner;
    for (let at = 0; at < data.length; at++)
      result.data[Math.floor(at / run) * length * inner + begin + (at % run)] = data[at];
    begin += run;
  }
  return result;
}

/** The first places of the blocks that index tuples, along the last axis of `indices`, point to. */
function blockPlaces(dims: readonly number[], indices: Constant): number[] {
  const depth = indices.dims.at(-1) ?? 0;
  const strides = stridesOf(dims);
  return Array.from({ length: sizeOf(indices.dims.slice(0, -1)) }, (_, tuple) =>
    Array.from({ length: depth }, (_, axis) => {
      const [position] = within(
        indices.data.subarray(tuple * depth + axis, tuple * depth + axis + 1),
        dims[axis],
      );
      return position * strides[axis];
    }).reduce((place, offset) => place + offset, 0),
  );
}

/** The place of each index along one axis, the other positions being the index's own. */
function elementPlaces(dims: readonly number[], indices: Constant, axis: number): number[] {
  const strides = stridesOf(dims);
  const own = stridesOf(indices.dims);
  const along = within(indices.data, dims[axis]);
  return along.map((index, at) =>
    strides.reduce((place, stride, which) => {
      const position = which === axis ? index : Math.floor(at / own[which]) % indices.dims[which];
      return place + position * stride;
    }, 0),
  );
}

function scattered(x: Constant, at: ArrayLike<number>, updates: Constant, reduction: string): Constant {
  const compute = SCATTERED[reduction];
  if (compute === undefined) throw new NotFolded(`its reduction is ${reduction}`);
  const data = x.data.slice();
  for (let index = 0; index < at.length; index++)
    data[at[index]] = compute(data[at[index]], updates.data[index]);
  return { ...x, data };
}

const SCATTERED: Readonly<Record<string, (old: number, update: number) => number>> = {
  none: (_, update) => update,
  add: (old, update) => old + update,
  mul: (old, update) => old * update,
  max: Math.max,
  min: Math.min,
};

/** As `taken`, with a number where a position is −1. */
function filled(x: Constant, rows: readonly (readonly number[])[], fill: number): Constant {
  const dims = rows.map(({ length }) => length);
  checkSize(dims, [x]);
  const strides = stridesOf(x.dims);
  const at = places(
    rows.map((row, axis) => row.map((position) => (position < 0 ? -Infinity : position * strides[axis]))),
  );
  const result = pickedAt(x, dims, at);
  for (let index = 0; index < at.length; index++) if (at[index] < 0) result.data[index] = fill;
  return result;
}

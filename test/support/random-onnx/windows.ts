import { constant, integers } from './constants';
import { type AttributeValues, type Draft, type Drawn } from './draft';
import { isNumber, like, rankOf, type Draw } from './draws';

/** Pads, strides and dilations of windows over the axes after the channels. */
function windows(
  draft: Draft,
  x: Drawn,
  kernel: readonly number[],
  takes: { ceil?: boolean; dilations: boolean; smallPads?: boolean },
) {
  const spatial = x.dims.slice(2);
  const strides = spatial.map(() => draft.one([1, 1, 2, 3]));
  const dilations = spatial.map(() => (takes.dilations ? draft.one([1, 1, 1, 2]) : 1));
  const extent = kernel.map((size, axis) => (size - 1) * dilations[axis] + 1);
  const auto = draft.one([
    'NOTSET',
    'NOTSET',
    'NOTSET',
    undefined,
    undefined,
    'VALID',
    'SAME_UPPER',
    'SAME_LOWER',
  ]);
  const isExplicit = auto === undefined || auto === 'NOTSET';
  const most = (axis: number) => (takes.smallPads === true ? kernel[axis] - 1 : extent[axis]);
  const begins = kernel.map((_, axis) =>
    draft.chance(0.5) ? Math.min(most(axis), draft.one([0, 1, 1, 2])) : 0,
  );
  const ends = begins.map((begin, axis) =>
    draft.chance(0.6) ? begin : Math.min(most(axis), draft.whole(0, 2)),
  );
  const ceil = takes.ceil === true && draft.chance(0.3);
  const saysPads = isExplicit && draft.chance(0.8);
  const lengths = spatial.map((length, axis) => {
    if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') return Math.ceil(length / strides[axis]);
    const around = saysPads ? begins[axis] + ends[axis] : 0;
    const steps = (length + around - extent[axis]) / strides[axis];
    let count = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
    if (ceil && (count - 1) * strides[axis] >= length + (saysPads ? begins[axis] : 0)) count--;
    return count;
  });
  if (lengths.some((length) => length < 1)) return undefined;
  const attributes: AttributeValues = {
    auto_pad: auto,
    strides: strides.every((stride) => stride === 1) && draft.chance(0.5) ? undefined : strides,
    dilations: dilations.every((rate) => rate === 1) && draft.chance(0.6) ? undefined : dilations,
    pads: saysPads ? [...begins, ...ends] : undefined,
    ...(takes.ceil === true && { ceil_mode: ceil ? 1 : draft.one([0, undefined]) }),
  };
  return { attributes, lengths };
}

function pool(op: string, dilationsSince: number, more: (draft: Draft) => AttributeValues): Draw {
  return (draft, x) => {
    if (!isNumber(x) || rankOf(x) < 3) return undefined;
    const kernel = x.dims.slice(2).map((length) => Math.min(length, draft.whole(1, 3)));
    const window = windows(draft, x, kernel, {
      ceil: true,
      dilations: draft.opset >= dilationsSince && draft.chance(0.4),
      smallPads: true,
    });
    if (window === undefined) return undefined;
    const asksIndices = op === 'MaxPool' && draft.chance(0.05);
    const [name, indices] = draft.node(
      op,
      [x.name],
      { kernel_shape: kernel, ...window.attributes, ...more(draft) },
      asksIndices ? 2 : 1,
    );
    const dims = [...x.dims.slice(0, 2), ...window.lengths];
    const made: Drawn = { name, dims, type: 'float', isExact: x.isExact && op === 'MaxPool' };
    return indices === undefined ? made : [made, { name: indices, dims, type: 'int64', isExact: x.isExact }];
  };
}

function globalPool(op: string): Draw {
  return (draft, x) => {
    if (!isNumber(x) || rankOf(x) < 3) return undefined;
    const dims = [...x.dims.slice(0, 2), ...x.dims.slice(2).map(() => 1)];
    return { ...like(x, draft.node(op, [x.name])[0], op === 'GlobalMaxPool'), dims };
  };
}

function reduced(op: string, isExact = false): Draw {
  return (draft, x) => {
    if (!isNumber(x)) return undefined;
    const rank = rankOf(x);
    const all = x.dims.map((_, axis) => axis);
    const chosen =
      rank === 4 && draft.chance(0.4)
        ? [2, 3]
        : draft.shuffled(all.slice(draft.chance(0.05) ? 0 : 1)).slice(0, draft.whole(1, rank - 1));
    const keepdims = draft.one([undefined, 0, 1]);
    const takesInput = op === 'ReduceSum' || draft.opset >= 18;
    const given = chosen.map((axis) => draft.signed(axis, rank));
    const saysNothing = draft.chance(0.08);
    const noop = takesInput && draft.chance(saysNothing ? 0.8 : 0.15) ? 1 : undefined;
    const gone = saysNothing ? (noop === 1 ? [] : all) : chosen;
    const attributes = {
      keepdims,
      noop_with_empty_axes: noop,
      ...(!takesInput && !saysNothing && { axes: given }),
    };
    const axes = takesInput && !saysNothing ? integers(draft, given) : undefined;
    const [name] = draft.node(op, [x.name, axes], attributes);
    const dims = x.dims.flatMap((length, axis) =>
      gone.includes(axis) ? (keepdims === 0 ? [] : [1]) : [length],
    );
    return { ...like(x, name, isExact), dims };
  };
}

export const WINDOW_DRAWS: Readonly<Record<string, Draw>> = {
  MaxPool: pool('MaxPool', 13, (draft) => ({ storage_order: draft.one([undefined, undefined, 0, 1]) })),
  AveragePool: pool('AveragePool', 19, (draft) => ({ count_include_pad: draft.one([undefined, 0, 1]) })),
  GlobalAveragePool: globalPool('GlobalAveragePool'),
  GlobalMaxPool: globalPool('GlobalMaxPool'),
  LpPool: (draft, x) => {
    if (!isNumber(x) || rankOf(x) !== 4) return undefined;
    const dims = [...x.dims.slice(0, 2), ...x.dims.slice(2).map((length) => length - 1)];
    if (dims.includes(0)) return undefined;
    return { ...like(x, draft.node('LpPool', [x.name], { kernel_shape: [2, 2], p: 2 })[0]), dims };
  },
  Conv: (draft, x) => {
    if (!isNumber(x) || rankOf(x) < 3) return undefined;
    const channels = x.dims[1];
    const groups = draft.one([1, 1, channels, ...[2, 3, 4].filter((count) => channels % count === 0)]);
    const filters = groups * draft.whole(1, 3);
    const kernel = x.dims.slice(2).map((length) => Math.min(length + 1, draft.whole(1, 3)));
    const window = windows(draft, x, kernel, { dilations: draft.chance(0.5) });
    if (window === undefined) return undefined;
    const shape = [filters, channels / groups, ...kernel];
    const bias = draft.chance(0.6) ? constant(draft, [filters]) : undefined;
    const attributes = {
      group: groups === 1 ? draft.one([1, undefined]) : groups,
      kernel_shape: draft.chance(0.6) ? kernel : undefined,
      ...window.attributes,
    };
    const [name] = draft.node('Conv', [x.name, constant(draft, shape), bias], attributes);
    return { name, dims: [x.dims[0], filters, ...window.lengths], type: 'float', isExact: false };
  },
  ReduceMean: reduced('ReduceMean'),
  ReduceSum: reduced('ReduceSum'),
  ReduceMax: reduced('ReduceMax', true),
  ReduceMin: reduced('ReduceMin', true),
  ReduceL1: reduced('ReduceL1'),
  ReduceL2: reduced('ReduceL2'),
  ReduceSumSquare: reduced('ReduceSumSquare'),
  ReduceProd: reduced('ReduceProd'),
};

import { constant, integers } from './constants';
import { replaced, sizeOf, spliced, type Draft, type Drawn } from './draft';
import { anyAxis, isNumber, like, rankOf, type Draw } from './draws';

export const SHAPE_DRAWS: Readonly<Record<string, Draw>> = {
  Transpose: (draft, x) => {
    const rank = rankOf(x);
    const rest = draft.shuffled(Array.from({ length: rank - 1 }, (_, axis) => axis + 1));
    const perm =
      rank === 4 && draft.chance(0.5)
        ? draft.one([
            [0, 2, 3, 1],
            [0, 3, 1, 2],
          ])
        : [0, ...rest];
    if (draft.chance(0.04)) {
      const [name] = draft.node('Transpose', [x.name]);
      return { ...like(x, name, true), dims: [...x.dims].reverse() };
    }
    return {
      ...like(x, draft.node('Transpose', [x.name], { perm })[0], true),
      dims: perm.map((axis) => x.dims[axis]),
    };
  },
  Reshape: (draft, x) => {
    const [batch, ...own] = x.dims;
    const count = sizeOf(own);
    const target = factorised(draft, count, draft.whole(1, 4));
    const keeps = target.map((length, axis) => draft.chance(0.4) && own[axis] === length);
    const said = target.map((length, axis) => (keeps[axis] ? 0 : length));
    const opens = draft.chance(0.4) ? draft.whole(0, said.length - 1) : -1;
    const first = opens < 0 ? draft.one([-1, 0, batch]) : draft.one([0, batch]);
    const shape = [first, ...said.map((length, axis) => (axis === opens ? -1 : length))];
    const allowzero = draft.opset >= 14 && !shape.includes(0) ? draft.one([undefined, 0, 1]) : undefined;
    // As exporters write it: the batch is looked up.
    const looked = draft.chance(0.2) && allowzero !== 1 ? lookedUp(draft, x, shape.slice(1)) : undefined;
    const [name] = draft.node('Reshape', [x.name, looked ?? integers(draft, shape)], { allowzero });
    return { ...like(x, name, true), dims: [batch, ...target] };
  },
  Flatten: (draft, x) => {
    const rank = rankOf(x);
    const axis = draft.chance(0.7) ? draft.one([1, undefined, 1 - rank]) : draft.whole(0, rank);
    const at = axis === undefined ? 1 : axis < 0 ? axis + rank : axis;
    const dims = [sizeOf(x.dims.slice(0, at)), sizeOf(x.dims.slice(at))];
    return { ...like(x, draft.node('Flatten', [x.name], { axis })[0], true), dims };
  },
  Squeeze: (draft, x) => {
    const ones = x.dims.flatMap((length, axis) => (axis > 0 && length === 1 ? [axis] : []));
    if (ones.length === 0) {
      // A node that does nothing where the batch is 1 or more.
      return undefined;
    }
    const saysNothing = draft.chance(0.2);
    const gone = saysNothing
      ? x.dims.flatMap((length, axis) => (length === 1 ? [axis] : []))
      : ones.filter(() => draft.chance(0.7));
    if (gone.length === 0) return undefined;
    const axes = saysNothing
      ? undefined
      : integers(
          draft,
          draft.shuffled(gone).map((axis) => draft.signed(axis, rankOf(x))),
        );
    const dims = x.dims.filter((_, axis) => !gone.includes(axis));
    if (dims.length < 2) return undefined;
    return { ...like(x, draft.node('Squeeze', [x.name, axes])[0], true), dims };
  },
  Unsqueeze: (draft, x) => {
    const rank = rankOf(x) + draft.one([1, 1, 2]);
    if (rank > 6) return undefined;
    const axes = draft
      .shuffled(Array.from({ length: rank }, (_, axis) => axis).slice(draft.chance(0.05) ? 0 : 1))
      .slice(0, rank - rankOf(x));
    const left = [...x.dims];
    const dims = Array.from({ length: rank }, (_, axis) =>
      axes.includes(axis) ? 1 : (left.shift() as number),
    );
    return {
      ...like(
        x,
        draft.node('Unsqueeze', [
          x.name,
          integers(
            draft,
            axes.map((axis) => draft.signed(axis, rank)),
          ),
        ])[0],
        true,
      ),
      dims,
    };
  },
  Concat: (draft, x, others) => {
    const rank = rankOf(x);
    const axis = anyAxis(draft, rank);
    const fits = others.filter(
      (other) =>
        other.type === x.type &&
        other.dims.length === rank &&
        other.dims.every((length, at) => at === axis || length === x.dims[at]),
    );
    const parts: { name: string; dims: readonly number[]; isExact: boolean }[] = [x];
    for (let more = draft.whole(0, 2); more > 0; more--) {
      if (fits.length > 0 && draft.chance(0.6)) parts.push(draft.one(fits));
      else if (draft.chance(0.1) && isNumber(x)) {
        const dims = replaced(x.dims, axis, draft.whole(1, 3));
        parts.push({ name: constant(draft, dims), dims, isExact: true });
      } else parts.push(x);
    }
    const order = draft.shuffled(parts);
    const [name] = draft.node(
      'Concat',
      order.map((part) => part.name),
      { axis: draft.signed(axis, rank) },
    );
    const length = parts.reduce((sum, { dims }) => sum + dims[axis], 0);
    return {
      name,
      dims: replaced(x.dims, axis, length),
      type: x.type,
      isExact: parts.every(({ isExact }) => isExact),
    };
  },
  Split: (draft, x) => {
    const rank = rankOf(x);
    const axis = anyAxis(draft, rank);
    const length = x.dims[axis];
    const count = Math.min(length, draft.whole(2, 3));
    if (count < 2) return undefined;
    const usesCount = draft.opset >= 18 && draft.chance(0.5);
    const isEven = !usesCount && draft.opset < 18 && length % count === 0 && draft.chance(0.4);
    const even = Math.ceil(length / count);
    const drawn = Array.from({ length: count - 1 }, () => 1).map(() =>
      draft.whole(1, Math.max(1, Math.floor(length / count))),
    );
    const sizes = isEven
      ? new Array<number>(count).fill(length / count)
      : usesCount
        ? Array.from({ length: count }, (_, index) => Math.max(0, Math.min(even, length - index * even)))
        : [...drawn, length - drawn.reduce((sum, size) => sum + size, 0)];
    if (sizes.some((size) => size < 1)) return undefined;
    const inputs = usesCount || isEven ? [x.name] : [x.name, integers(draft, sizes)];
    const names = draft.node(
      'Split',
      inputs,
      {
        axis: axis === 0 ? draft.one([0, undefined]) : draft.signed(axis, rank),
        num_outputs: usesCount ? count : undefined,
      },
      count,
    );
    return draft.shuffled(
      names.map((name, index): Drawn => ({ ...x, name, dims: replaced(x.dims, axis, sizes[index]) })),
    );
  },
  Slice: (draft, x) => {
    const rank = rankOf(x);
    const axes = draft
      .shuffled(x.dims.map((_, axis) => axis).slice(draft.chance(0.04) ? 0 : 1))
      .slice(0, draft.whole(1, rank - 1));
    const dims = [...x.dims];
    const lists: number[][] = [[], [], [], []];
    for (const axis of axes) {
      const length = x.dims[axis];
      const step = draft.one([1, 1, 1, 1, 2, -1, -2]);
      const [low, high] = [draft.whole(0, length - 1), draft.whole(0, length - 1)].sort((a, b) => a - b);
      const forwards = step > 0;
      const start = forwards
        ? draft.one([low, low - length, 0])
        : draft.one([high, high - length, -1, length + 3]);
      const end = forwards
        ? draft.one([high + 1, length, 2 ** 31 - 1, Number.MAX_SAFE_INTEGER, high + 1 - length || length])
        : draft.one([low - 1 < 0 ? -length - 1 : low - 1, -length - 1, -(2 ** 31)]);
      const begin = start < 0 ? start + length : start;
      const stop = end < 0 ? end + length : end;
      const from = Math.min(forwards ? length : length - 1, Math.max(0, begin));
      const to = Math.min(length, Math.max(forwards ? 0 : -1, stop));
      dims[axis] = Math.ceil((to - from) / step);
      [start, end, draft.signed(axis, rank), step].forEach((value, list) => lists[list].push(value));
    }
    if (dims.some((length) => length < 1)) return undefined;
    const isPlain = lists[3].every((step) => step === 1) && draft.chance(0.5);
    const inputs = (isPlain ? lists.slice(0, 3) : lists).map((list) => integers(draft, list));
    return { ...like(x, draft.node('Slice', [x.name, ...inputs])[0], true), dims };
  },
  Pad: (draft, x) => {
    if (!isNumber(x)) return undefined;
    const rank = rankOf(x);
    const mode = draft.one([undefined, undefined, 'constant', 'constant', 'reflect', 'edge']);
    const isConstant = mode === undefined || mode === 'constant';
    const spatial = rank === 4 && draft.chance(0.7);
    const sides = x.dims.map((length, axis): [number, number] => {
      if (spatial ? axis < 2 : axis < Number(!draft.chance(0.03)) || draft.chance(0.4)) return [0, 0];
      const pads: [number, number] = [draft.whole(0, 2), draft.whole(0, 2)];
      if (mode === 'reflect') return [Math.min(pads[0], length - 1), Math.min(pads[1], length - 1)];
      return draft.chance(0.08) && length > 2 ? [-1, pads[1]] : pads;
    });
    const chosen =
      draft.opset >= 18 && draft.chance(0.4)
        ? sides.flatMap(([begin, end], axis) => (begin !== 0 || end !== 0 ? [axis] : []))
        : undefined;
    const said = chosen === undefined || chosen.length === 0 ? sides : chosen.map((axis) => sides[axis]);
    const pads = integers(draft, [...said.map(([begin]) => begin), ...said.map(([, end]) => end)]);
    const value = isConstant ? draft.one([undefined, undefined, 0, 0.5, -Infinity]) : undefined;
    // What is infinite is for a maximum only.
    const fill = value === -Infinity ? -1e30 : value;
    const axes =
      said === sides
        ? undefined
        : integers(
            draft,
            (chosen as number[]).map((axis) => draft.signed(axis, rank)),
          );
    const [name] = draft.node(
      'Pad',
      [x.name, pads, fill === undefined ? undefined : draft.tensor([], [fill]), axes],
      { mode },
    );
    return {
      ...like(x, name, true),
      dims: x.dims.map((length, axis) => length + sides[axis][0] + sides[axis][1]),
    };
  },
  DepthToSpace: (draft, x) => {
    if (!isNumber(x) || rankOf(x) !== 4 || x.dims[1] % 4 !== 0) return undefined;
    const [batch, channels, height, width] = x.dims;
    const [name] = draft.node('DepthToSpace', [x.name], {
      blocksize: 2,
      mode: draft.one([undefined, 'DCR', 'CRD']),
    });
    return { ...like(x, name, true), dims: [batch, channels / 4, 2 * height, 2 * width] };
  },
  SpaceToDepth: (draft, x) => {
    if (!isNumber(x) || rankOf(x) !== 4 || x.dims[2] % 2 !== 0 || x.dims[3] % 2 !== 0) return undefined;
    const [batch, channels, height, width] = x.dims;
    const [name] = draft.node('SpaceToDepth', [x.name], { blocksize: 2 });
    return { ...like(x, name, true), dims: [batch, 4 * channels, height / 2, width / 2] };
  },
  Gather: (draft, x) => {
    const rank = rankOf(x);
    const axis = anyAxis(draft, rank);
    const isOne = rank > 2 && draft.chance(0.4);
    const indices = Array.from({ length: isOne ? 1 : draft.whole(1, 3) }, () =>
      draft.signed(draft.whole(0, x.dims[axis] - 1), x.dims[axis]),
    );
    const at = draft.tensor(isOne ? [] : [indices.length], indices, 'int64');
    const [name] = draft.node('Gather', [x.name, at], { axis: draft.signed(axis, rank) });
    return {
      ...like(x, name, true),
      dims: isOne ? spliced(x.dims, axis, 1) : replaced(x.dims, axis, indices.length),
    };
  },
  Expand: (draft, x) => {
    const dims = x.dims.map((length, axis) =>
      axis > 0 && length === 1 && draft.chance(0.5) ? draft.whole(2, 3) : length,
    );
    const shape = dims.map((length, axis) =>
      axis === 0 || draft.chance(0.4) ? (length === x.dims[axis] ? 1 : length) : length,
    );
    return { ...like(x, draft.node('Expand', [x.name, integers(draft, shape)])[0], true), dims };
  },
  Tile: (draft, x) => {
    const repeats = x.dims.map((_, axis) => (axis > 0 && draft.chance(0.4) ? 2 : 1));
    return {
      ...like(x, draft.node('Tile', [x.name, integers(draft, repeats)])[0], true),
      dims: x.dims.map((length, axis) => length * repeats[axis]),
    };
  },
};

/** Lengths whose product is `count`. */
function factorised(draft: Draft, count: number, rank: number): number[] {
  const lengths: number[] = [];
  let left = count;
  for (let axis = 1; axis < rank; axis++) {
    const divisors = Array.from({ length: left }, (_, index) => index + 1).filter(
      (divisor) => left % divisor === 0,
    );
    const length = draft.one(divisors);
    lengths.push(length);
    left /= length;
  }
  return draft.shuffled([...lengths, left]);
}

/** A shape whose batch is looked up from what comes in, as PyTorch's exporters do. */
function lookedUp(draft: Draft, x: Drawn, rest: readonly number[]): string {
  const batch =
    draft.opset >= 15 && draft.chance(0.5)
      ? draft.node('Shape', [x.name], { start: 0, end: 1 })[0]
      : draft.node('Unsqueeze', [
          draft.node('Gather', [draft.node('Shape', [x.name])[0], draft.tensor([], [0], 'int64')], {
            axis: 0,
          })[0],
          draft.integers([0]),
        ])[0];
  return draft.node('Concat', [batch, integers(draft, rest)], { axis: 0 })[0];
}

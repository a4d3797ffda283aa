import type { Draft } from './draft';
import { replaced, sizeOf, spliced, TYPES } from './draft';

/** As those of constants.ts, of operators that look for positions or go by them. */
type DrawConstant = (draft: Draft, dims: readonly number[]) => string | undefined;

const toFloat = (draft: Draft, name: string): string => draft.node('Cast', [name], { to: TYPES.float })[0];

/** Different positions below a length, in any order. */
const places = (draft: Draft, length: number, count: number): number[] =>
  draft.shuffled(Array.from({ length }, (_, index) => index)).slice(0, count);

const weights = (draft: Draft, dims: readonly number[]): string => draft.tensor(dims, draft.weights(dims));

/** Of the largest or least number along an axis. */
const extreme =
  (op: string): DrawConstant =>
  (draft, dims) => {
    const keepdims = dims.includes(1) && draft.chance(0.5);
    const axis = keepdims ? dims.indexOf(1) : draft.whole(0, dims.length);
    const long = draft.whole(2, 5);
    const from = keepdims ? replaced(dims, axis, long) : spliced(dims, axis, 0, long);
    const attributes = {
      axis: draft.signed(axis, from.length),
      keepdims: Number(keepdims),
      select_last_index: draft.one([undefined, 0, 1]),
    };
    return toFloat(draft, draft.node(op, [weights(draft, from)], attributes)[0]);
  };

export const POSITION_DRAWS: Readonly<Record<string, DrawConstant>> = {
  ArgMax: extreme('ArgMax'),
  ArgMin: extreme('ArgMin'),
  CumSum: (draft, dims) => {
    if (dims.length === 0) return undefined;
    const axis = draft.tensor([], [draft.signed(draft.whole(0, dims.length - 1), dims.length)], 'int64');
    const attributes = { exclusive: draft.one([undefined, 0, 1]), reverse: draft.one([undefined, 0, 1]) };
    return draft.node('CumSum', [weights(draft, dims), axis], attributes)[0];
  },
  EyeLike: (draft, dims) => {
    if (dims.length !== 2) return undefined;
    return draft.node('EyeLike', [weights(draft, dims)], { k: draft.one([undefined, 0, 1, -1]) })[0];
  },
  Trilu: (draft, dims) => {
    if (dims.length < 2 || draft.opset < 14) return undefined;
    const k = draft.chance(0.5) ? draft.tensor([], [draft.whole(-1, 1)], 'int64') : undefined;
    return draft.node('Trilu', [weights(draft, dims), k], { upper: draft.one([undefined, 0, 1]) })[0];
  },
  GatherElements: (draft, dims) => {
    if (dims.length === 0) return undefined;
    const axis = draft.whole(0, dims.length - 1);
    const from = replaced(dims, axis, draft.whole(1, 5));
    const picks = Array.from({ length: sizeOf(dims) }, () =>
      draft.signed(draft.whole(0, from[axis] - 1), from[axis]),
    );
    const at = draft.tensor(dims, picks, 'int64');
    return draft.node('GatherElements', [weights(draft, from), at], {
      axis: draft.signed(axis, dims.length),
    })[0];
  },
  GatherND: (draft, dims) => {
    if (dims.length === 0) return undefined;
    const [count, ...rest] = dims;
    const from = [4, 3];
    const depth = draft.whole(1, 2);
    const picks = Array.from({ length: count }, () =>
      from.slice(0, depth).map((length) => draft.signed(draft.whole(0, length - 1), length)),
    );
    const at = draft.tensor([count, depth], picks.flat(), 'int64');
    return draft.node('GatherND', [weights(draft, [...from.slice(0, depth), ...rest]), at])[0];
  },
  ScatterElements: (draft, dims) => {
    if (dims.length === 0) return undefined;
    const axis = draft.whole(0, dims.length - 1);
    const lines = dims.map((length, at) => (at === axis ? draft.whole(1, length) : length));
    // Each line its own positions, none twice.
    const order = places(draft, dims[axis], lines[axis]);
    const inner = sizeOf(lines.slice(axis + 1));
    const picks = Array.from(
      { length: sizeOf(lines) },
      (_, index) => order[Math.floor(index / inner) % lines[axis]],
    );
    const reduction = draft.opset >= 16 ? draft.one([undefined, 'none', 'add', 'mul']) : undefined;
    const inputs = [weights(draft, dims), draft.tensor(lines, picks, 'int64'), weights(draft, lines)];
    return draft.node('ScatterElements', inputs, { axis: draft.signed(axis, dims.length), reduction })[0];
  },
  ScatterND: (draft, dims) => {
    if (dims.length === 0) return undefined;
    const [length, ...rest] = dims;
    const order = places(draft, length, draft.whole(1, length));
    const reduction = draft.opset >= 16 ? draft.one([undefined, 'none', 'add', 'mul']) : undefined;
    const at = draft.tensor([order.length, 1], order, 'int64');
    const inputs = [weights(draft, dims), at, weights(draft, [order.length, ...rest])];
    return draft.node('ScatterND', inputs, { reduction })[0];
  },
  NonZero: (draft, dims) => {
    if (dims.length !== 2 || dims[0] > 3) return undefined;
    const [rank, count] = dims;
    const from = Array.from({ length: rank }, () => count + 1);
    const chosen = new Set(places(draft, sizeOf(from), count));
    const values = Array.from({ length: sizeOf(from) }, (_, index) => (chosen.has(index) ? 2 : 0));
    return toFloat(draft, draft.node('NonZero', [draft.tensor(from, values)])[0]);
  },
  OneHot: (draft, dims) => {
    if (dims.length === 0) return undefined;
    const axis = draft.whole(0, dims.length - 1);
    const depth = dims[axis];
    const own = spliced(dims, axis, 1);
    const picks = Array.from({ length: sizeOf(own) }, () => draft.signed(draft.whole(0, depth - 1), depth));
    const inputs = [
      draft.tensor(own, picks, 'int64'),
      draft.tensor(draft.one([[], [1]]), [depth], 'int64'),
      draft.tensor([2], [draft.real(0.5, 1), draft.real(1.5, 2)]),
    ];
    return draft.node('OneHot', inputs, { axis: draft.signed(axis, dims.length) })[0];
  },
};

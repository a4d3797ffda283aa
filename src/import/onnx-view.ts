/**
 * How the axes that a file speaks of lie in the tensor at hand.
 *
 * ONNX has images as `[batch, channels, height, width]`, our layers as `[batch, height, width, channels]`, and between the
 * two a file transposes, flattens, and splits axes and puts them together. None of that need move an element until a layer
 * wants its channels last, so it is only noted: every axis, of the file's tensor as of ours, is a row of factors, and a
 * factor is in one axis of each. An axis of length 1 has none.
 */
export interface View {
  /** Of each axis of our tensor, the slowest factor first. */
  readonly stored: readonly Axis[];
  /** Of each axis that the file speaks of. */
  readonly file: readonly Axis[];
}

/** So many positions; `null` stands for the batch. Two factors of a size are two objects. */
export interface Factor {
  readonly size: number | null;
}

export type Axis = readonly Factor[];

/** What makes a tensor lie as wanted, in order. Lengths and axes are those after the batch, as tfjs's layers count them. */
export type Move =
  | { readonly kind: 'reshape'; readonly lengths: readonly number[] }
  /** Axis `axes[i]`, counted from 1, comes to be axis `i`. */
  | { readonly kind: 'permute'; readonly axes: readonly number[] }
  /** Of the channels, the last axis. */
  | { readonly kind: 'shuffle'; readonly groups: number };

/** The order of the file's axes in a tensor of ours: of four, channels last. */
export function usualOrder(rank: number): number[] {
  return rank === 4 ? [0, 2, 3, 1] : Array.from({ length: rank }, (_, axis) => axis);
}

/**
 * The view of a tensor that has the file's axes in an order.
 *
 * @param lengths of the file's axes after the batch
 */
export function viewOf(lengths: readonly number[], order: readonly number[]): View {
  const file: Axis[] = [[{ size: null }], ...lengths.map((size) => (size === 1 ? [] : [{ size }]))];
  return { file, stored: order.map((axis) => file[axis]) };
}

/** The lengths of the file's axes; the batch is `null`. */
export function fileLengths({ file }: View): (number | null)[] {
  return file.map((axis, index) => (index === 0 ? null : lengthOf(axis)));
}

export function lengthOf(axis: Axis): number {
  return axis.reduce((product, { size }) => product * (size as number), 1);
}

export function transposed(view: View, axes: readonly number[]): View {
  return { ...view, file: axes.map((axis) => view.file[axis]) };
}

/**
 * The view with the file's elements in the same order under other lengths, splitting factors where a length is part of one;
 * `undefined` where lengths and factors cut across each other.
 *
 * @param lengths after the batch
 */
export function regrouped(view: View, lengths: readonly number[]): View | undefined {
  let { stored } = view;
  const waiting: Factor[] = view.file.slice(1).flat();
  const file: Axis[] = [view.file[0]];
  for (const length of lengths) {
    const axis: Factor[] = [];
    let left = length;
    while (left !== 1) {
      const factor = waiting.shift();
      if (factor === undefined) return undefined;
      const size = factor.size as number;
      if (left % size === 0) {
        axis.push(factor);
        left /= size;
      } else if (size % left === 0) {
        const [slow, fast] = [{ size: left }, { size: size / left }];
        stored = stored.map((row) => row.flatMap((one) => (one === factor ? [slow, fast] : [one])));
        axis.push(slow);
        waiting.unshift(fast);
        left = 1;
      } else {
        return undefined;
      }
    }
    file.push(axis);
  }
  return waiting.length === 0 ? { stored, file } : undefined;
}

/** The view once the tensor has the file's axes in an order. */
export function arranged({ file }: View, order: readonly number[]): View {
  return { file, stored: order.map((axis) => file[axis]) };
}

/** How to bring a tensor into an order of the file's axes; nothing for one that is. */
export function movesTo(view: View, order: readonly number[]): Move[] {
  const from = view.stored;
  const to = arranged(view, order).stored;
  if (areSame(from, to)) return [];
  const reshape = (axes: readonly Axis[]): Move => ({
    kind: 'reshape',
    lengths: axes.slice(1).map(lengthOf),
  });
  if (isSame(from.flat(), to.flat())) return [reshape(to)];
  const groups = shuffledGroups(from, to);
  if (groups !== undefined) return [{ kind: 'shuffle', groups }];
  // Its own axes change places, or else those of a tensor whose axes are the runs of factors that stay together.
  const runs = wholeAxes(from, to.flat()) ? from : commonRuns(from.flat(), to.flat());
  const axes = permutation(runs, to) ?? (wholeAxes(runs, to.flat()) as number[]);
  const after = [runs[0], ...axes.map((axis) => runs[axis])];
  return [
    ...(areSame(from, runs) ? [] : [reshape(runs)]),
    { kind: 'permute', axes },
    ...(areSame(after, to) ? [] : [reshape(to)]),
  ];
}

/** The order of the file's axes in the tensor, if each of its axes is one of them and none is left out. */
export function orderOf({ stored, file }: View): number[] | undefined {
  if (stored.length !== file.length) return undefined;
  const axes = permutation(file, stored);
  return axes && [0, ...axes];
}

/** Whether two tensors have the same elements of the file in the same places. */
export function liesLike(a: View, b: View): boolean {
  return layout(a) === layout(b);
}

function layout({ stored, file }: View): string {
  const places = new Map<Factor, string>();
  file.forEach((axis, index) =>
    axis.forEach((factor, place) => places.set(factor, `${index}.${place}x${factor.size}`)),
  );
  return stored.map((axis) => axis.map((factor) => places.get(factor)).join()).join(';');
}

function isSame(a: Axis, b: Axis): boolean {
  return a.length === b.length && a.every((factor, index) => factor === b[index]);
}

function areSame(a: readonly Axis[], b: readonly Axis[]): boolean {
  return a.length === b.length && a.every((axis, index) => isSame(axis, b[index]));
}

/** The axes after the batch in the order in which their factors are `to`, those of length 1 last; `undefined` if there is none. */
function wholeAxes(from: readonly Axis[], to: readonly Factor[]): number[] | undefined {
  const axes: number[] = [];
  for (let at = 1; at < to.length; at += from[axes.at(-1) as number].length) {
    const axis = from.findIndex((own) => own.length > 0 && isSame(own, to.slice(at, at + own.length)));
    if (axis < 0) return undefined;
    axes.push(axis);
  }
  const empty = from.flatMap((own, axis) => (axis > 0 && own.length === 0 ? [axis] : []));
  return [...axes, ...empty];
}

/** The axis of `from`, counted from the batch's 0, that each axis of `to` after the batch is; `undefined` if one is none. */
function permutation(from: readonly Axis[], to: readonly Axis[]): number[] | undefined {
  if (from.length !== to.length) return undefined;
  const left = new Map(from.map((axis, index) => [index, axis]));
  left.delete(0);
  const axes: number[] = [];
  for (const axis of to.slice(1)) {
    const found = [...left].find(([, candidate]) => isSame(candidate, axis));
    if (found === undefined) return undefined;
    left.delete(found[0]);
    axes.push(found[0]);
  }
  return axes;
}

/** Into how many groups channels are split where their two factors change places and nothing else moves. */
function shuffledGroups(from: readonly Axis[], to: readonly Axis[]): number | undefined {
  const last = from.length - 1;
  const othersStay =
    from.length === to.length && from.slice(0, last).every((axis, index) => isSame(axis, to[index]));
  const [groups, channels] = from[last];
  if (!othersStay || from[last].length !== 2 || !isSame(to[last], [channels, groups])) return undefined;
  return groups.size as number;
}

function commonRuns(from: readonly Factor[], to: readonly Factor[]): Axis[] {
  const runs: Factor[][] = [];
  for (const factor of from) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    const follows =
      before !== undefined && before.size !== null && to.indexOf(factor) === to.indexOf(before) + 1;
    if (run !== undefined && follows) run.push(factor);
    else runs.push([factor]);
  }
  return runs;
}

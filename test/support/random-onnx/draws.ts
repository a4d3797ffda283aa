import { type Draft, type Drawn } from './draft';

export type Draw = (draft: Draft, x: Drawn, others: readonly Drawn[]) => Drawn | Drawn[] | undefined;

export const isNumber = ({ type }: Drawn): boolean => type === 'float';
export const rankOf = ({ dims }: Drawn): number => dims.length;

/** A value with the same lengths, of another name. */
export const like = (x: Drawn, name: string, isExact = false): Drawn => ({
  ...x,
  name,
  isExact: x.isExact && isExact,
});

export const maybe = (draft: Draft, share: number, value: number): { readonly float: number } | undefined =>
  draft.chance(share) ? { float: value } : undefined;

/** Lengths that fit a value's: of all axes or the last of them, each its own or 1; seldom more than the value's. */
export function fitting(draft: Draft, dims: readonly number[]): number[] {
  if (draft.chance(0.12)) return draft.one([[], [1]]);
  const style = draft.whole(0, 4);
  const axis = dims.length === 1 ? 0 : draft.whole(1, dims.length - 1);
  let lengths = dims.map((length, at) => {
    // One axis alone most of the time, as a bias of channels or of columns is.
    if (style <= 1) return at === axis ? length : 1;
    if (style === 2) return at === 0 || draft.chance(0.5) ? 1 : length;
    if (at === 0) return draft.chance(0.08) ? length : 1;
    if (length === 1 && draft.chance(0.15)) return draft.whole(2, 4);
    return draft.chance(0.6) ? length : 1;
  });
  while (lengths[0] === 1 && draft.chance(0.6)) lengths = lengths.slice(1);
  if (draft.chance(0.04))
    lengths = [...new Array<number>(dims.length - lengths.length + 1).fill(1), ...lengths];
  return lengths;
}

/** An axis other than the batch, most of the time. */
export const anyAxis = (draft: Draft, rank: number): number =>
  rank === 1 || draft.chance(0.03) ? 0 : draft.whole(1, rank - 1);

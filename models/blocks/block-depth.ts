/**
 * How deep a block stands by timm's linear rule: 0 for the first of all, 1 for the last.
 *
 * @param position of the block, counted from 0 through all stages
 * @param depths blocks of each stage
 *
 * @example
 * blockDepth(3, [2, 2, 2, 2]); // 3 / 7
 */
export function blockDepth(position: number, depths: readonly number[]): number {
  const last = depths.reduce((sum, depth) => sum + depth, 0) - 1;
  return last === 0 ? 0 : position / last;
}

/**
 * The parts of a graph such that none reads what a later one puts out, otherwise in the order in which they are given;
 * `undefined` where there is no such order.
 *
 * @param edges from the part that puts out to the part that reads; those within a part do not matter
 *
 * @example
 * partOrder(['b', 'a'], [['a', 'b']]); // ['a', 'b']
 */
export function partOrder(
  parts: readonly string[],
  edges: readonly (readonly [from: string, to: string])[],
): string[] | undefined {
  const ordered: string[] = [];
  let rest = [...parts];
  while (rest.length > 0) {
    const isWaiting = (part: string) =>
      edges.some(([from, to]) => to === part && from !== part && rest.includes(from));
    const next = rest.find((part) => !isWaiting(part));
    if (next === undefined) return undefined;
    ordered.push(next);
    rest = rest.filter((part) => part !== next);
  }
  return ordered;
}

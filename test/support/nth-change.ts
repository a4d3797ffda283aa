/** The calls of `node:fs/promises` that change what is on the disk. */
const CHANGES = ['open', 'rename', 'link', 'rm', 'mkdir', 'writeFile', 'chmod', 'unlink'] as const;

type Call = (...args: unknown[]) => Promise<unknown>;

/**
 * Has something done before the n-th change that this process makes to the disk, counted from 1, and tells how many there were.
 * For a program of its own, whose bundle calls Node's module by its name.
 *
 * @param act where it throws, that is what the change comes to
 */
export function beforeChange(n: number, act: (name: string) => void): () => number {
  const promises = require('node:fs/promises') as Record<string, Call>;
  let count = 0;
  for (const name of CHANGES) {
    const call = promises[name];
    promises[name] = async (...args) => {
      const isChange = name !== 'open' || (typeof args[1] === 'string' && args[1] !== 'r');
      if (isChange && ++count === n) act(name);
      return call(...args);
    };
  }
  return () => count;
}

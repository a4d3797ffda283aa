/** The calls of `node:fs/promises` that change what is on the disk. */
const CHANGES = ['open', 'rename', 'link', 'rm', 'mkdir', 'writeFile', 'chmod', 'unlink'] as const;

type Call = (...args: unknown[]) => Promise<unknown>;

/**
 * Has something done before changes that this process makes to the disk by `node:fs/promises`. For a program of its own, whose
 * bundle calls Node's module by its name.
 *
 * @param isIt of which change, asked once a change; or the number of the only one, from 1
 * @param act where it throws, that is what the change comes to
 */
export function beforeChange(isIt: number | (() => boolean), act: (name: string) => void): void {
  const promises = require('node:fs/promises') as Record<string, Call>;
  let count = 0;
  for (const name of CHANGES) {
    const call = promises[name];
    promises[name] = async (...args) => {
      const isChange = name !== 'open' || (typeof args[1] === 'string' && args[1] !== 'r');
      if (isChange && (typeof isIt === 'number' ? ++count === isIt : isIt())) act(name);
      return call(...args);
    };
  }
}

import { readlink, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

// As many as Linux follows.
const MOST = 40;

/** Where links lead to, also where nothing is there yet: a path whose last part is no link. */
export async function followLinks(path: string, links = 0): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const next = links < MOST ? await readlink(path).catch(() => undefined) : undefined;
    return next === undefined ? resolve(path) : followLinks(resolve(dirname(path), next), links + 1);
  }
}

import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { CardinalError, InvalidArgumentError } from '../../src/errors';
import { isRunFolder, readResult, readRunConfig } from '../../src/train/run-folder-node';

export interface FoundRuns {
  /** Folders of the runs that are over. */
  readonly finished: readonly string[];
  /** Folders of those that are not. */
  readonly unfinished: readonly string[];
}

/**
 * The runs that paths stand for: a run folder for itself, any other folder for the runs in it. Each run comes once.
 *
 * @throws InvalidArgumentError naming the first path without a run
 * @throws CardinalError naming a damaged run; or where no run is finished
 *
 * @example
 * (await findRuns(['runs/quickstart'])).finished; // ['runs/quickstart/mobilenet_toy', …]
 */
export async function findRuns(paths: readonly string[]): Promise<FoundRuns> {
  const folders = new Map<string, string>();
  for (const path of paths) {
    for (const folder of await runsOf(path)) {
      if (!folders.has(resolve(folder))) folders.set(resolve(folder), folder);
    }
  }
  const finished: string[] = [];
  const unfinished: string[] = [];
  for (const folder of folders.values()) {
    await readRunConfig(folder); // a damaged one is told of before anything is measured
    ((await readResult(folder)) === undefined ? unfinished : finished).push(folder);
  }
  if (finished.length === 0) {
    const [first] = unfinished;
    throw new CardinalError(
      `${paths.join(', ')}: no run is finished; \`cardinal train --resume ${first}\` goes on with ${first}`,
    );
  }
  return { finished, unfinished };
}

async function runsOf(path: string): Promise<string[]> {
  if (await isRunFolder(path)) return [path];
  const entries = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    const Kind = ['ENOENT', 'ENOTDIR'].includes(error.code ?? '') ? InvalidArgumentError : CardinalError;
    throw new Kind(`${path} could not be read as a folder of runs: ${error.message}`);
  });
  const found: string[] = [];
  for (const name of entries.sort(new Intl.Collator('en', { numeric: true }).compare)) {
    if (await isRunFolder(join(path, name))) found.push(join(path, name));
  }
  if (found.length > 0) return found;
  throw new InvalidArgumentError(
    `${path} is no run folder and holds none: neither it nor a folder in it has a config.json`,
  );
}

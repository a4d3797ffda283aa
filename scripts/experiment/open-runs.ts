import { join } from 'node:path';

import { invalidArgument } from '../../src/errors';
import type { RunResult } from '../../src/train/run-config';
import { createRun, isRunFolder, readResult, readRunConfig } from '../../src/train/run-folder-node';
import { configDifference } from './config-difference';
import type { PlannedRun } from './plan';

/** A planned run and what is there of it. */
export interface OpenedRun extends PlannedRun {
  readonly folder: string;
  /** Once it is over. */
  readonly result: RunResult | undefined;
}

/**
 * Looks at what a folder has of the planned runs.
 *
 * @throws InvalidArgumentError naming the field in which a run that is there differs from what is planned
 * @throws CardinalError if a run cannot be read
 */
export async function openRuns(to: string, runs: readonly PlannedRun[]): Promise<OpenedRun[]> {
  const opened: OpenedRun[] = [];
  for (const run of runs) {
    const folder = join(to, run.name);
    if (!(await isRunFolder(folder))) {
      opened.push({ ...run, folder, result: undefined });
      continue;
    }
    const difference = configDifference(await readRunConfig(folder), run.config);
    if (difference !== undefined) {
      const { field, there, asked } = difference;
      const remedy = '--fresh trains anew, --to takes another folder';
      throw invalidArgument(field, `${JSON.stringify(there)}, which ${folder} has (${remedy})`, asked);
    }
    opened.push({ ...run, folder, result: await readResult(folder) });
  }
  return opened;
}

/** Writes the configs of runs that are to be trained anew, in place of what is there. */
export async function startAnew(to: string, runs: readonly PlannedRun[]): Promise<void> {
  for (const { name, config } of runs) await createRun(join(to, name), config, { overwrite: true });
}

/** Makes the folder of a run that has none yet. */
export async function prepareRun({ folder, config }: OpenedRun): Promise<void> {
  if (!(await isRunFolder(folder))) await createRun(folder, config);
}
